-- $1: age in seconds.
with old as (
    delete from rowcast.mark where at < now() - make_interval(secs => $1) returning oldest
)
update rowcast.history
set horizon = greatest(horizon, (select max(oldest) from old))
where exists (select from old)
