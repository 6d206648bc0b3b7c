-- $1: SHA-256 of the token, $2: name, $3: role, $4: tables, $5: days that it is good.
insert into rowcast.token (token, name, role, tables, expires_at)
values ($1, $2, $3, $4, now() + make_interval(secs => $5 * 86400))
returning id
