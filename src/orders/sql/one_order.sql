-- An order with its lines and steps.
select
    told.customer,
    told.state,
    row_to_json(told.*)::text as "order",
    coalesce((
        select json_agg(row_to_json(line.*) order by line.line)
        from (
            select line, product_id, sku, name, quantity, price from public.order_lines where order_id = told.id
        ) as line
    ), '[]')::text as lines,
    coalesce((
        select json_agg(row_to_json(step.*) order by step.version)
        from (
            select version, state, at, who, who_name, note from public.order_steps where order_id = told.id
        ) as step
    ), '[]')::text as steps
from public.orders as told
where told.id = $1
