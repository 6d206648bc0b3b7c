select id, coalesce(address, ''), coalesce(agent, ''),
    to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
    to_char(seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
from rowcast.login
where account = $1 and expires_at > now()
order by seen_at desc, id desc
