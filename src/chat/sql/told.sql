-- Somebody, $1, has read the conversation $2 up to message $3: what they were told of it by name they have read, too.
update public.notifications
set read_at = now()
where account = $1
    and read_at is null
    and kind = 'chat_mention'
    and link like '/chat/' || $2::bigint || '?at=%'
    and substring(link from 'at=([0-9]{1,18})$')::bigint <= $3
