select
    format('%I.%I', t.schema_name, t.table_name) as name,
    rowcast.attached_to(t.id, t.relid) is not distinct from t.relid as present,
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
