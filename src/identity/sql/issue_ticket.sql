-- $1: SHA-256 of the ticket, $2: login, $3: token, $4: seconds that it is good, $5: how many there may be.
insert into rowcast.ticket (ticket, login, token, expires_at)
select $1, $2, $3, now() + make_interval(secs => $4)
where $5 > (
    select count(*) from rowcast.ticket
    where (login = $2 or token = $3) and expires_at > now()
)
