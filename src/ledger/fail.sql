-- $1: the projection, $2: its table, $3: its version, $4: the stream, $5: the version there, $6: why, $7: who rebuilds it, or null; $8: for
-- how many seconds a rebuild that nothing is heard of is taken for alive: what others say of it meanwhile is not told.
-- It may have failed before there was anything to say of it.
insert into rowcast.projection as p (name, table_name, version, state, stream, stream_version, problem)
values ($1, $2, $3, 'failed', $4, $5, $6)
on conflict (name) do update
set state = 'failed', stream = excluded.stream, stream_version = excluded.stream_version, problem = excluded.problem,
    rebuild = null, at = now()
where case
        when $7::text is null then p.state <> 'rebuilding' or p.at < now() - make_interval(secs => $8)
        else p.rebuild = $7::text::uuid
    end
    and (p.state, p.stream, p.stream_version, p.problem)
        is distinct from ('failed', excluded.stream, excluded.stream_version, excluded.problem)
