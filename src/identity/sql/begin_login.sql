-- $1: SHA-256 of the secret, $2: account, $3: seconds that it lasts, $4: network, $5: what the browser says it is.
insert into rowcast.login (token, account, expires_at, address, agent)
values ($1, $2, now() + make_interval(secs => $3), $4, $5)
