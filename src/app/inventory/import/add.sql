-- $1 to $7: products, their prices in hundredths. One whose SKU somebody has taken meanwhile is left out.
insert into public.products (sku, name, category, location, quantity, reorder_level, price)
select n.sku, n.name, n.category, n.location, n.quantity, n.reorder_level, n.price / 100.0
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::bigint[]) with ordinality
    as n (sku, name, category, location, quantity, reorder_level, price, place)
order by n.place
on conflict (sku) do nothing
returning id, sku
