-- $1: the conversation, which is held, $2: the number, $3: who, $4: their name, $5: the key, $6: the text, $7: accounts that are named,
-- $8: what they are called in it, $9: the beginning of the text.
with conversation as (
    update public.chats
    set last = $2, last_at = now(), last_author = $3, last_name = $4, last_text = $9
    where id = $1
    returning id, kind, members
)
insert into public.chat_messages (chat, number, kind, members, author, author_name, key, text, mentions, mentioned)
select id, $2, kind, members, $3, $4, $5, $6, $7::bigint[], $8::text[]
from conversation
