-- $1 to $7: a product, its price in hundredths, $8: the key that it had.
insert into public.products (sku, name, category, location, quantity, reorder_level, price, id)
overriding system value
values ($1, $2, $3, $4, $5, $6, $7::bigint / 100.0, $8)
returning id, pg_current_xact_id()::text::bigint,
    json_build_object('sku', sku, 'name', name, 'category', category, 'location', location, 'quantity', quantity,
        'reorder_level', reorder_level, 'price', price::text)::text
