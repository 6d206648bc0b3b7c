-- $1: the position's next transaction, $2: its open ones, $3: most changes to return, $4: most bytes of row text to return
-- (and one row more, which tells that there are more), $5: the table wanted, or null, $6: tables to leave out.
-- One statement, so one snapshot: the mark says exactly what the changes lead to. What is still open is not looked for: it
-- may have written a million rows that nobody can see yet.
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
    select n.*, sum(n.bytes) over (order by n.seq rows unbounded preceding) - n.bytes as before
    from (
        select a.seq, a.xid::text, a.table_id, a.op::text, a.old, a.new,
            coalesce(octet_length(a.old), 0) + coalesce(octet_length(a.new), 0) as bytes
        from (
            select * from rowcast.change where xid >= $1::text::xid8
            union all
            select * from rowcast.change where xid = any (array(
                select x.open from unnest($2::text[]::xid8[]) x (open)
                where pg_visible_in_snapshot(x.open, pg_current_snapshot())
            ))
        ) a
        where ($5::integer is null or a.table_id = $5) and a.table_id <> all ($6::integer[])
        order by a.seq
        limit $3
    ) n
) c
where c.before <= $4
