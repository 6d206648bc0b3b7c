-- What was read is kept for a month, everything for half a year.
delete from public.notifications
where id in (
    select id
    from public.notifications
    where at < now() - case when read_at is null then interval '180 days' else interval '30 days' end
    limit $1
)
