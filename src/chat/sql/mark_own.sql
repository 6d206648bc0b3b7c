-- Somebody has written message $4 of the conversation $1: $2 is their account, $3 their name. If they had read everything before it, they
-- have read everything now; else it is one more of their own after what they have read.
insert into public.chat_marks as mark (chat, account, kind, members, name, number, own_after)
select
    id,
    $2,
    kind,
    members,
    $3,
    case when $4 = 1 then 1 else 0 end,
    case when $4 = 1 then 0 else 1 end
from public.chats
where id = $1
on conflict (chat, account) do update set
    number = case when mark.number + mark.own_after >= $4 - 1 then $4 else mark.number end,
    own_after = case when mark.number + mark.own_after >= $4 - 1 then 0 else mark.own_after + 1 end,
    at = now(),
    name = excluded.name
