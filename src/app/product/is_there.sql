-- Whether there is a table of movements, and not another of that name.
select count(*) = 4
from pg_attribute
where attrelid = to_regclass('public.stock_movements') and not attisdropped
    and attname in ('product_id', 'version', 'left_over', 'order_id')
