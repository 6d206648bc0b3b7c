-- $1: the numbers of tables that are live and of which nothing is granted to whoever asks, $2: how many at most.
-- Tables that cannot be looked at, by name.
select
    format('%I.%I', n.nspname, c.relname) as name,
    t.id is not null as live,
    exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) as has_key
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join rowcast.tracked t on (t.schema_name, t.table_name) = (n.nspname, c.relname)
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
    and n.nspname not in ('rowcast', 'information_schema') and n.nspname not like 'pg\_%'
    and (t.id is null or t.id = any ($1))
order by n.nspname, c.relname
limit $2
