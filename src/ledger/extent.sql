-- $1: a position, or null.
-- Where the ledger stands, and how much of it the position includes.
select pg_current_snapshot()::text as snapshot, coalesce(max(e.seq), 0) as last, count(*) as events
from rowcast.event e
where $1::text is null
    or e.seq <= (select h.foreign_events from rowcast.history h)
    or pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot)
