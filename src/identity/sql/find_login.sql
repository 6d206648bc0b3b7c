-- $1: SHA-256 of the secret, or $2: number; $3: seconds after which it is noted again that it is used.
select l.id, a.id as account, a.name, a.role, l.seen_at < now() - make_interval(secs => $3) as is_stale
from rowcast.login l
join rowcast.account a on a.id = l.account
where (l.token = $1 or l.id = $2) and l.expires_at > now() and not a.disabled
