-- $1: SHA-256 of the token, or $2: number; $3: seconds after which it is noted again that it is used.
select id, name, role, tables, coalesce(last_used < now() - make_interval(secs => $3), true) as is_stale
from rowcast.token
where (token = $1 or id = $2) and revoked_at is null and (expires_at is null or expires_at > now())
