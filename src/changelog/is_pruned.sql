-- Of a part: whether the horizon includes all of it. Two look-ups in its index, one more for each open transaction.
select
    not exists (select from {part} where xid >= (select pg_snapshot_xmax(horizon) from rowcast.history))
    and not exists (
        select from {part} where xid = any (array(select pg_snapshot_xip(horizon) from rowcast.history))
    )
