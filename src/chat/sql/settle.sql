-- What the conversation $1 says of its newest message, which begins with $2.
update public.chats as chat
set last = message.number,
    last_at = message.at,
    last_author = message.author,
    last_name = message.author_name,
    last_text = $2
from public.chat_messages as message
where chat.id = $1 and message.chat = $1 and message.number = (select max(number) from public.chat_messages where chat = $1)
