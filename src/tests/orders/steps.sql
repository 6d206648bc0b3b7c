-- Events of orders without a step, or orders that are not what their last step says.
select e.stream, e.version, o.state
from rowcast.event as e
left join public.order_steps as s on 'order-' || s.order_id = e.stream and s.version = e.version
left join public.orders as o on 'order-' || o.id = e.stream
where e.stream like 'order-%'
    and (
        s.order_id is null
        or o.id is null
        or lower(e.type) <> 'order' || s.state
        or (e.version = o.version and s.state <> o.state)
        or e.version > o.version
        or s.customer is distinct from o.customer
    )
