-- $1: the oid that the name has now, or null; $2: the name.
-- What a name means now comes before what it meant when somebody last looked.
select t.id, format('%I.%I', t.schema_name, t.table_name) as display
from rowcast.tracked t
where rowcast.attached_to(t.id, t.relid) = $1
    or $2 in (
        format('%s.%s', t.schema_name, t.table_name),
        format('%I.%I', t.schema_name, t.table_name),
        case when t.schema_name = 'public' then t.table_name end,
        case when t.schema_name = 'public' then format('%I', t.table_name) end
    )
order by rowcast.attached_to(t.id, t.relid) = $1 desc nulls last
limit 1
