-- $1: the position's next transaction, $2: its open ones, $3: most changes to return.
-- One statement, so one snapshot: the mark says exactly what the changes lead to.
select
    pg_current_snapshot()::text as snapshot,
    (select horizon::text from rowcast.history) as horizon,
    null::text as xid,
    null::integer as table_id,
    null::text as op,
    null::text as old,
    null::text as new
union all
select null, null, c.xid, c.table_id, c.op, c.old, c.new
from (
    select n.xid::text, n.table_id, n.op::text, n.old, n.new
    from (
        select * from rowcast.change where xid >= $1::text::xid8
        union all
        select * from rowcast.change where xid = any ($2::text[]::xid8[])
    ) n
    order by n.seq
    limit $3
) c
