select id, name, role, tables,
    to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
    to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
    to_char(last_used at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
    case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'valid' end
from rowcast.token
order by id
