-- $1: the oid that the name has now, or null; $2: the name; $3: the capture trigger.
-- What a table's trigger says comes before what the table is called.
select
    t.id,
    format('%I.%I', t.schema_name, t.table_name) as display,
    (select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.oid = g.tgrelid) as attached
from rowcast.tracked t
left join pg_trigger g on g.tgname = $3 and g.tgargs = convert_to(t.id::text, 'UTF8') || '\x00'::bytea
    and g.tgrelid <> 'rowcast.tracked'::regclass
where g.tgrelid = $1
    or to_regclass(format('%I.%I', t.schema_name, t.table_name)) = $1
    or $2 in (
        format('%s.%s', t.schema_name, t.table_name),
        format('%I.%I', t.schema_name, t.table_name),
        case when t.schema_name = 'public' then t.table_name end,
        case when t.schema_name = 'public' then format('%I', t.table_name) end
    )
order by g.tgrelid = $1 desc nulls last
limit 1
