-- $1: the position's next transaction, $2: its open ones.
-- How much there is after a position, table by table.
select a.table_id, count(*) as changes,
    coalesce(sum(coalesce(octet_length(a.old), 0)::bigint + coalesce(octet_length(a.new), 0)), 0)::bigint as bytes
from (
    select table_id, old, new from rowcast.change where xid >= $1::text::xid8
    union all
    select table_id, old, new from rowcast.change where xid = any (array(
        select x.open from unnest($2::text[]::xid8[]) x (open)
        where pg_visible_in_snapshot(x.open, pg_current_snapshot())
    ))
) a
group by a.table_id
