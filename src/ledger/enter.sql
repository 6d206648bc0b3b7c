-- $1: the projection, $2: its table, $3: its version.
-- Before anything has happened, there is nothing to build.
with entered as (
    insert into rowcast.projection (name, table_name, version)
    select $1, $2, $3 where not exists (select from rowcast.event)
    on conflict (name) do nothing
    returning version
)
select
    exists (select from entered)
    or exists (select from rowcast.projection where name = $1 and version = $3 and state in ('live', 'behind')) as is_built
