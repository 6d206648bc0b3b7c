-- Who can be named by $1 and may be, in the text $4: in a room ($2) those who work here, else the people $3.
select id, name, role
from rowcast.account
where not disabled
    and id <> $1
    and (($2 and role in ('staff', 'admin')) or id = any($3::bigint[]))
    and position(lower('@' || name) in lower($4)) > 0
order by id
limit 200
