-- $1: products, $2: how many pieces there are of each.
update public.products p
set quantity = wanted.quantity
from unnest($1::bigint[], $2::integer[]) as wanted (id, quantity)
where p.id = wanted.id
