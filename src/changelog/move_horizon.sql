-- $1: age in seconds. Where the database stood that long ago is the newest mark of that age; earlier marks have served.
with reached as (
    select at, position from rowcast.mark
    where at <= now() - make_interval(secs => $1)
    order by at desc
    limit 1
), served as (
    delete from rowcast.mark using reached where mark.at < reached.at
)
update rowcast.history
set horizon = reached.position
from reached
where rowcast.is_later(reached.position, horizon)
