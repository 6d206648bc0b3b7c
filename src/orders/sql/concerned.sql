-- $1: who did it, $2: the customer, if they are to be told, $3: whether those who work here are.
select account.id, account.role
from rowcast.account as account
where not account.disabled
    and account.id is distinct from $1
    and (account.id = $2 or ($3 and account.role in ('staff', 'admin')))
order by account.id
