-- $1: the projection, $2: its table, $3: its version.
-- Before anything has happened, there is nothing to build; else its rows are of no version until it has been built.
insert into rowcast.projection as p (name, table_name, relation, home, version)
select $1, $2, $2::text::regclass, rowcast.home(), case when exists (select from rowcast.event) then 0 else $3 end
on conflict (name) do update
set table_name = excluded.table_name, relation = excluded.relation, home = excluded.home, version = excluded.version, position = null,
    state = 'live', done = 0, total = 0, stream = null, stream_version = null, problem = null, at = now()
