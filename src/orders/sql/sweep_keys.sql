delete from public.order_requests
where (principal, key) in (
    select principal, key
    from public.order_requests
    where at < now() - interval '1 day'
    limit $1
)
