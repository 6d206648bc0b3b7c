-- $1: at most how many.
-- The age is asked twice: a key that was just taken anew is waited for, and then it is not old any more.
delete from public.order_requests
where at < now() - interval '1 day'
    and (principal, key) in (
        select principal, key
        from public.order_requests
        where at < now() - interval '1 day'
        limit $1
    )
