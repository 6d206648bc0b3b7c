select a.id, a.email, a.name, a.role, a.disabled,
    (select count(*) from rowcast.login l where l.account = a.id and l.expires_at > now()),
    to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
from rowcast.account a
order by a.id
