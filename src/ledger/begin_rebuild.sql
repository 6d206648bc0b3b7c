-- $1: the projection, $2: its table, $3: its version, $4: the rebuild, $5: whether it takes over, $6: for how many seconds one that
-- nothing is heard of is taken for alive.
insert into rowcast.projection as p (name, table_name, version, state, rebuild)
values ($1, $2, $3, 'rebuilding', $4::text::uuid)
on conflict (name) do update
set table_name = excluded.table_name, state = 'rebuilding', rebuild = excluded.rebuild, done = 0, total = 0, stream = null,
    stream_version = null, problem = null, at = now()
where $5 or p.state <> 'rebuilding' or p.at < now() - make_interval(secs => $6)
returning (select o.rebuild::text from rowcast.projection o where o.name = $1) as before
