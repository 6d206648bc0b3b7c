-- Lines of the demo in the conversation $1: $2: accounts, $3: names, $4: texts, $5: how many minutes ago, $6 and $7: who is named in each,
-- and how.
insert into public.chat_messages (chat, number, kind, members, author, author_name, key, text, mentions, mentioned, at)
select
    chat.id,
    line.number,
    chat.kind,
    chat.members,
    line.author,
    line.name,
    'demo-' || chat.id || '-' || line.number,
    line.text,
    array_remove(array[line.mention], null),
    array_remove(array[line.mentioned], null),
    now() - make_interval(mins => line.minutes::int)
from public.chats as chat,
    unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[])
        with ordinality as line (author, name, text, minutes, mention, mentioned, number)
where chat.id = $1
