-- $1: the lowest number of a transaction that is taken back, of those that are beyond the horizon, $2: those that were open there,
-- $3: the place after which changes are taken back, $4: those of them that began before it, $5: the table.
-- In no order: what is first is found by its number, and sorting would write all of it to the disk once more. What the horizon
-- includes may still be there, or only some of it.
select seq, old, new
from rowcast.change
where xid >= $1::text::xid8 and table_id = $5 and op in ('I', 'U', 'D')
    and (seq > $3 or xid = any ($4::text[]::xid8[]))
union all
select seq, old, new
from rowcast.change
where xid = any ($2::text[]::xid8[]) and table_id = $5 and op in ('I', 'U', 'D')
