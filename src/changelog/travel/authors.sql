-- $1: transactions. What the ledger says of who made them, and what they were for. What came from another database has numbers of
-- transactions that mean nothing here.
select distinct on (xid) xid::text as xid, who, who_name, type, stream
from rowcast.event, rowcast.history h
where xid = any ($1::text[]::xid8[]) and seq > h.foreign_events
order by xid, seq
