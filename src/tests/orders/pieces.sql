select (
    (select coalesce(sum(quantity), 0) from public.products)
    + (
        select coalesce(sum(l.quantity), 0)
        from public.order_lines as l
        join public.orders as o on o.id = l.order_id
        where o.state not in ('cancelled', 'returned')
    )
)::bigint
