-- Whether the tables of orders are there, and not others of the same name.
select count(*) = 3
from (
    values ('public.orders', 'changed_by'), ('public.order_lines', 'product_id'), ('public.order_steps', 'who_name')
) as wanted (relation, attribute)
join pg_attribute as found on found.attrelid = to_regclass(wanted.relation) and found.attname = wanted.attribute
where not found.attisdropped
