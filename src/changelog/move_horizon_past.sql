-- Of a part: moves the horizon to the earliest mark that includes all of it.
update rowcast.history
set horizon = m.position
from (
    select position from rowcast.mark
    where not exists (select from {part} where xid >= pg_snapshot_xmax(position))
        and not exists (select from {part} where xid = any (array(select pg_snapshot_xip(position))))
    order by at
    limit 1
) m
where rowcast.is_later(m.position, horizon)
