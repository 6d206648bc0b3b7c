-- $1: after which seq, $2: up to which, $3: only what this snapshot includes, or null, $4: how many.
select
    e.seq, e.stream, e.version, e.type, e.schema, e.data::text, e.who, e.who_name, e.cause, e.correlation,
    rowcast.time_text(e.at) as at
from rowcast.event e
where e.seq > $1 and e.seq <= $2
    and (
        $3::text is null
        or e.seq <= (select h.foreign_events from rowcast.history h)
        or pg_visible_in_snapshot(e.xid, $3::text::pg_snapshot)
    )
order by e.seq
limit $4
