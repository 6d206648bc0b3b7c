-- $1: the product.
delete from public.products where id = $1
returning id, pg_current_xact_id()::text::bigint,
    json_build_object('sku', sku, 'name', name, 'category', category, 'location', location, 'quantity', quantity,
        'reorder_level', reorder_level, 'price', price::text)::text
