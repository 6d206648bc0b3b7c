-- $1: how many.
select
    f.stream,
    case
        when f.head is null then format('has %s events and no head', f.events)
        when f.events is null then format('is at version %s and has no events', f.head)
        else format('is at version %s and has %s events from %s to %s', f.head, f.events, f.first, f.last)
    end as fault
from (
    select stream, s.version as head, e.events, e.first, e.last
    from rowcast.stream s
    full join (
        select stream, count(*) as events, min(version) as first, max(version) as last from rowcast.event group by stream
    ) e using (stream)
) f
where f.head is null or f.events is null or (f.first, f.last, f.events) is distinct from (1::bigint, f.head, f.head)
order by f.stream
limit $1
