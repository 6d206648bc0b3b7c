-- $1: account, $2: how many logins stay.
delete from rowcast.login
where id in (
    select id from rowcast.login
    where account = $1
    order by seen_at desc, id desc
    offset $2
)
