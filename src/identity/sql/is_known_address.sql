-- $1: SHA-256 of the e-mail address in lower case, $2: a network.
select exists (
    select from rowcast.account
    where encode(sha256(convert_to(lower(email collate "C"), 'UTF8')), 'hex') = $1 and addresses @> array[$2]
)
