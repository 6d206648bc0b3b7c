-- $1: from which transaction on changes are counted, or null.
-- Each tracked table with an estimate of its rows, and what its changes since have put into the changelog.
select
    format('%I.%I', t.schema_name, t.table_name) as name,
    nullif(c.reltuples, -1)::bigint as rows,
    pg_total_relation_size(c.oid) as table_bytes,
    coalesce(w.changes, 0) as changes,
    coalesce(w.bytes, 0) as bytes
from rowcast.tracked t
left join pg_class c on c.oid = t.relid
left join (
    select table_id, count(*) as changes,
        coalesce(sum(coalesce(octet_length(old), 0)::bigint + coalesce(octet_length(new), 0)), 0)::bigint as bytes
    from rowcast.change
    where xid >= $1::text::xid8
    group by table_id
) w on w.table_id = t.id
order by coalesce(w.bytes, 0) desc, t.schema_name, t.table_name
