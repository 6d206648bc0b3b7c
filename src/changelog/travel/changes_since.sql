-- $1: the lowest number of a transaction that is taken back, $2: the place after which they are, $3: those of them that began
-- before it, $4: the table.
-- In no order: what is first is found by its number, and sorting would write all of it to the disk once more.
select seq, old, new
from rowcast.change
where xid >= $1::text::xid8 and table_id = $4 and op in ('I', 'U', 'D')
    and (seq > $2 or xid = any ($3::text[]::xid8[]))
