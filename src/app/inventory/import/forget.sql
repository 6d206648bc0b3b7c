-- $1: somebody. Files of yesterday go, and of theirs all but the latest five; not those that are being imported.
delete from public.imports i
where not (i.state = 'running' and i.beat_at > now() - interval '15 seconds')
    and (
        i.at < now() - interval '1 day'
        or i.who is not distinct from $1
            and i.id not in (
                select o.id from public.imports o where o.who is not distinct from $1 order by o.id desc limit 5
            )
    )
