-- Each of the accounts $2 that is of the conversation $1 has read up to their own newest message.
insert into public.chat_marks (chat, account, kind, members, name, number)
select
    chat.id,
    person.id,
    chat.kind,
    chat.members,
    person.name,
    coalesce((select max(number) from public.chat_messages as own where own.chat = chat.id and own.author = person.id), 0)
from public.chats as chat
join rowcast.account as person on person.id = any($2::bigint[])
where chat.id = $1
    and (person.id = any(chat.members) or (chat.kind = 'room' and person.role in ('staff', 'admin')))
