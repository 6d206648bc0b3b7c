-- $1: the projection, $2: its version, $3: the stream, $4: the version there, $5: why, $6: who rebuilds it, or null; $7: for how many
-- seconds a rebuild that nothing is heard of is taken for alive: what others say of it meanwhile is not told.
-- It may have failed before there was anything to say of it. That claims no table: whose the table is has not been looked at.
insert into rowcast.projection as p (name, table_name, version, state, stream, stream_version, problem)
values ($1, '', $2, 'failed', $3, $4, $5)
on conflict (name) do update
set state = 'failed', stream = excluded.stream, stream_version = excluded.stream_version, problem = excluded.problem,
    -- Of one that died, the next has to remove what it left.
    rebuild = case when $6::text is null then p.rebuild end, at = now()
where case
        when $6::text is null then p.state <> 'rebuilding' or p.at < now() - make_interval(secs => $7)
        else p.rebuild = $6::text::uuid
    end
    and (p.state, p.stream, p.stream_version, p.problem)
        is distinct from ('failed', excluded.stream, excluded.stream_version, excluded.problem)
