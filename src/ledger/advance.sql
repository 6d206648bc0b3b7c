-- $1: the projection, $2: the position that its rows are of now, $3: how many events were taken, $4: whether there may be more, $5: the
-- last of them by seq, or null, $6: for how many seconds a rebuild that nothing is heard of is taken for alive.
-- While it is rebuilt, that is what is told of it. How much is left is about as many events as there are numbers.
update rowcast.projection p
set position = $2,
    done = case when r.under_way then p.done else b.done + $3 end,
    total = case
        when r.under_way then p.total
        when $4 then b.done + $3 + (select coalesce(max(seq), 0) from rowcast.event) - coalesce($5::bigint, 0)
        else b.done + $3
    end,
    state = case when r.under_way then p.state when $4 then 'behind' else 'live' end,
    stream = null, stream_version = null, problem = null,
    at = case when r.under_way then p.at else now() end
from
    (select o.state = 'rebuilding' and o.at > now() - make_interval(secs => $6) as under_way from rowcast.projection o where o.name = $1) r,
    (select case when o.state = 'behind' then o.done else 0 end as done from rowcast.projection o where o.name = $1) b
where p.name = $1
