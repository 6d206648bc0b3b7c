select
    format('%I.%I', t.schema_name, t.table_name) as name,
    exists (
        select from pg_trigger g
        where g.tgname = '00_rowcast_capture'
            and g.tgrelid = to_regclass(format('%I.%I', t.schema_name, t.table_name))
            and g.tgargs = convert_to(t.id::text, 'UTF8') || '\x00'::bytea
    ) as present,
    coalesce(c.changes, 0) as changes,
    extract(epoch from now() - c.oldest)::float8 as oldest,
    extract(epoch from now() - c.newest)::float8 as newest,
    to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
from rowcast.tracked t
left join (
    select table_id, count(*) as changes, min(at) as oldest, max(at) as newest
    from rowcast.change
    group by table_id
) c on c.table_id = t.id
order by t.schema_name, t.table_name
