-- $1: an e-mail address, $2: a network.
select exists (
    select from rowcast.account
    where lower(email collate "C") = lower($1::text collate "C") and addresses @> array[$2]
)
