-- Whether the tables of orders are there, and made from events: not others of the same names.
select count(*) = 4 and exists (select from rowcast.stream where stream like 'order-%')
from (
    values
        ('public.orders', 'customer_name'),
        ('public.orders', 'changed_by'),
        ('public.order_lines', 'product_id'),
        ('public.order_steps', 'who_name')
) as wanted (relation, attribute)
join pg_attribute as found on found.attrelid = to_regclass(wanted.relation) and found.attname = wanted.attribute
where not found.attisdropped
