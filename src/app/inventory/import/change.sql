-- $1 to $7: what products are from now on, their prices in hundredths, $8: which products.
update public.products p
set sku = n.sku, name = n.name, category = n.category, location = n.location, quantity = n.quantity,
    reorder_level = n.reorder_level, price = n.price / 100.0
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::bigint[], $8::bigint[])
    as n (sku, name, category, location, quantity, reorder_level, price, id)
where p.id = n.id
