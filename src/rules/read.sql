-- All rules of rooms. Their order is that of their patterns.
select pattern, role, may_publish, history::text
from rowcast.room
order by pattern collate "C", role
limit $1
