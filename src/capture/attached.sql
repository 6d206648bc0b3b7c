-- $1: the oid of a relation. The number that it is tracked under by itself, not as a partition.
select t.id
from rowcast.tracked t
join pg_trigger g on g.tgrelid = $1 and g.tgfoid = 'rowcast.capture'::regproc and g.tgparentid = 0
    and g.tgargs = rowcast.argument(t.id)
limit 1
