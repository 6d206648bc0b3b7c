-- $1: the table's number. How far back the changelog reaches, since when the server has been told of it, and the table as it is
-- now. Where nothing was pruned yet there is no time.
select
    h.horizon::text as horizon,
    case when pg_snapshot_xmax(h.horizon) > '3' then (extract(epoch from coalesce(
        (select min(m.at) from rowcast.mark m where not rowcast.is_later(h.horizon, m.position)),
        h.rotated
    )) * 1000000)::bigint end as kept_since,
    t.since::text as since
from rowcast.history h
left join rowcast.tracked t on t.id = $1
