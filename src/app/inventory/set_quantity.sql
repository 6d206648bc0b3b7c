-- $1: the product, $2: how many pieces there are.
update public.products p set quantity = $2
from (select id, quantity from public.products where id = $1 for update) was
where p.id = was.id
returning p.id, pg_current_xact_id()::text::bigint,
    json_build_object('sku', p.sku, 'name', p.name, 'from', was.quantity, 'to', p.quantity)::text
