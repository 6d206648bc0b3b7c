-- Whether what was reserved and not released is, for each product, what the orders have.
select not exists (
    select
    from (
        select
            substr(stream, 9)::bigint as product_id,
            sum(case type when 'StockReserved' then 1 when 'StockReleased' then -1 end * (data ->> 'quantity')::bigint) as pieces
        from rowcast.event
        where stream like 'product-%' and cause = 'order-' || (data ->> 'order')
        group by stream
    ) as told
    full join (
        select l.product_id, sum(l.quantity) filter (where o.state not in ('cancelled', 'returned')) as pieces
        from public.order_lines as l
        join public.orders as o on o.id = l.order_id
        group by l.product_id
    ) as had on had.product_id = told.product_id
    where coalesce(told.pieces, 0) <> coalesce(had.pieces, 0)
)
