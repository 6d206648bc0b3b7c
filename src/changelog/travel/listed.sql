-- $1: the horizon's next transaction, $2: its open ones, $3: the table.
-- What the list of tracked tables has said of a table, in order.
select a.xid::text as xid, a.seq, (extract(epoch from a.at) * 1000000)::bigint as at, a.old, a.new
from (
    select * from rowcast.change where xid >= $1::text::xid8
    union all
    select * from rowcast.change where xid = any ($2::text[]::xid8[])
) a
where a.table_id = 0 and a.new is not null and (a.new::json ->> 'id')::integer = $3
order by a.seq
