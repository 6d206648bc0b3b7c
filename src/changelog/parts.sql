-- The parts that have rows, those with the earliest transactions first, and the size of all.
select p.number::bigint, p.number = (select last_value >> 40 & 3 from rowcast.change_seq) as current, p.all_bytes::bigint
from (
    select p.*, sum(pg_total_relation_size(p.name)) over () as all_bytes
    from (values
        (0, 'rowcast.change_0'::regclass, (select max(xid) from rowcast.change_0)),
        (1, 'rowcast.change_1', (select max(xid) from rowcast.change_1)),
        (2, 'rowcast.change_2', (select max(xid) from rowcast.change_2)),
        (3, 'rowcast.change_3', (select max(xid) from rowcast.change_3))
    ) p (number, name, newest)
) p
where pg_relation_size(p.name) > 0
order by p.newest nulls first
