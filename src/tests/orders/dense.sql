-- Streams whose versions have gaps, or whose head is not their last event.
select s.stream
from rowcast.stream as s
left join rowcast.event as e on e.stream = s.stream
group by s.stream, s.version
having count(*) <> max(e.version) or min(e.version) <> 1 or max(e.version) <> s.version
