-- $1: the product; $2 to $7: what it is from now on, the price in hundredths.
update public.products
set sku = $2, name = $3, category = $4, location = $5, reorder_level = $6, price = $7::bigint / 100.0
where id = $1
