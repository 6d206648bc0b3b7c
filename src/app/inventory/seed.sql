-- All demo products in one statement; ages in seconds become times.
insert into public.products (sku, name, category, location, quantity, reorder_level, price, updated_at)
select sku, name, category, location, quantity, reorder_level, price / 100.0, now() - make_interval(secs => age)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::bigint[], $8::bigint[])
    as product (sku, name, category, location, quantity, reorder_level, price, age)
