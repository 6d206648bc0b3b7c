-- $1: transactions, $2: the table, $3: most changes. Transaction by transaction, the latest first.
select c.xid::text as xid, c.seq, c.old, c.new
from (select xid, max(place) as place from unnest($1::text[]::xid8[]) with ordinality as wanted (xid, place) group by xid) w
join rowcast.change c on c.xid = w.xid
where c.table_id = $2 and c.op in ('I', 'U', 'D')
order by w.place, c.seq
limit $3
