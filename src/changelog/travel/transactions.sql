-- $1: the horizon's next transaction, $2: its open ones, $3: the table, $4: most transactions.
-- The transactions that changed a table, those that came last first. A transaction's place is that of its last change: whoever
-- changed the same row after it has drawn a later number.
select a.xid::text as xid, min(a.seq) as first, max(a.seq) as last,
    (extract(epoch from max(a.at)) * 1000000)::bigint as at,
    bool_or(a.op in ('R', 'T')) as bulk
from (
    select xid, seq, at, op, table_id from rowcast.change where xid >= $1::text::xid8
    union all
    select xid, seq, at, op, table_id from rowcast.change where xid = any ($2::text[]::xid8[])
) a
where a.table_id = $3
group by a.xid
order by last desc
limit $4
