-- $1: SHA-256 of the secret, $2: account, $3: seconds that it lasts, $4: network, $5: what the browser says it is, $6: the hash of
-- the password that was shown. Nothing is begun if the account has another by now, or is disabled.
insert into rowcast.login (token, account, expires_at, address, agent)
select $1, a.id, now() + make_interval(secs => $3), $4, $5
from rowcast.account a
where a.id = $2 and a.password_hash = $6 and not a.disabled
for share
