-- $1: the projection, $2: its table, $3: its version.
-- Before anything has happened, there is nothing to build; else its rows are of no version until it has been built.
insert into rowcast.projection as p (name, table_name, version)
select $1, $2, case when exists (select from rowcast.event) then 0 else $3 end
on conflict (name) do update
set table_name = excluded.table_name, version = excluded.version, position = null, at = now()
where p.table_name <> excluded.table_name
