-- Locked in the order of their ids, so that no two orders wait for each other in a circle.
select id, sku, name, quantity, (price * 100)::bigint as price
from public.products
where id = any($1)
order by id
for no key update
