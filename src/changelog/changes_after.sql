-- $1: the position's next transaction, $2: its open ones, $3: most changes, $4: most bytes of row text, or null for any
-- number; $5: the table wanted, or null, $6: tables to leave out.
-- One statement, so one snapshot: the mark says exactly what the changes lead to. What is still open is not looked for: it
-- may have written a million rows that nobody can see yet.
-- Whether there is too much is known before anything is sorted: `fresh` is read no further than somebody asks for its rows.
with fresh as materialized (
    select a.seq, a.xid, a.at, a.table_id, a.op, a.old, a.new
    from (
        select * from rowcast.change where xid >= $1::text::xid8
        union all
        select * from rowcast.change where xid = any (array(
            select x.open from unnest($2::text[]::xid8[]) x (open)
            where pg_visible_in_snapshot(x.open, pg_current_snapshot())
        ))
    ) a
    where ($5::integer is null or a.table_id = $5) and a.table_id <> all ($6::integer[])
), amount as materialized (
    select coalesce(count(*) > $3::bigint, false) or coalesce(sum(b.bytes) > $4::bigint, false) as too_much,
        max(b.at) as newest
    from (
        -- Of a long text that is stored elsewhere, the length is known without reading it.
        select coalesce(octet_length(old), 0)::bigint + coalesce(octet_length(new), 0) as bytes, at
        from fresh
        limit $3::bigint + 1
    ) b
)
select
    pg_current_snapshot()::text as snapshot,
    history.horizon::text as horizon,
    history.id::text as history,
    amount.too_much,
    -- By the clock that the changes' times are from.
    extract(epoch from clock_timestamp() - amount.newest)::float8 as age,
    null::text as xid,
    null::integer as table_id,
    null::text as op,
    null::text as old,
    null::text as new
from rowcast.history
cross join amount
union all
select null, null, null, null, null, c.xid, c.table_id, c.op, c.old, c.new
from (
    select f.xid::text, f.table_id, f.op::text, f.old, f.new
    from fresh f
    where not (select too_much from amount)
    order by f.seq
) c
