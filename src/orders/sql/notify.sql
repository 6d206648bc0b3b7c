-- $1: who did it, $2: the customer, if they are to be told, $3: whether those who work here are, $10: how many seconds ago,
-- $11: whether they have read it.
insert into public.notifications (account, kind, title, body, link, at, read_at)
select
    account.id,
    $4,
    case when account.id = $2 then $5 else $7 end,
    case when account.id = $2 then $6 else $8 end,
    $9,
    now() - make_interval(secs => $10::bigint),
    case when $11 then now() end
from rowcast.account as account
where not account.disabled
    and account.id is distinct from $1
    and (account.id = $2 or ($3 and account.role in ('staff', 'admin')))
order by account.id
