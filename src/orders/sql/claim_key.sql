-- A row if the key is new, or has expired. Waits for whoever is using it.
insert into public.order_requests as request (principal, key, request)
values ($1, $2, $3)
on conflict (principal, key) do update
    set request = excluded.request, answer = null, at = now()
    where request.at < now() - interval '1 day'
returning 1
