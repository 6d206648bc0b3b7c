-- Somebody has read the conversation $1 up to message $4: $2 is their account, $3 their name. Never less than before, nor more than
-- there is.
insert into public.chat_marks as mark (chat, account, kind, members, name, number, own_after)
select
    chat.id,
    $2,
    chat.kind,
    chat.members,
    $3,
    least($4, chat.last),
    (select count(*) from public.chat_messages as own where own.chat = $1 and own.author = $2 and own.number > $4)
from public.chats as chat
where chat.id = $1
on conflict (chat, account) do update set
    number = excluded.number,
    own_after = excluded.own_after,
    at = now(),
    name = excluded.name
where mark.number < excluded.number
