-- $1: who asks, $2: whether they work here, $3: what the name contains, $4: at most how many.
select id, name, role in ('staff', 'admin') as works_here
from rowcast.account
where not disabled
    and id <> $1
    and ($2 or role in ('staff', 'admin'))
    and position(lower($3) in lower(name)) > 0
order by role = 'customer', lower(name), id
limit $4
