-- Who was told that a message names them, each once, however often it is changed. Not tracked: it is nobody's to see.
create table if not exists public.chat_told (
    chat bigint not null,
    number bigint not null,
    account bigint not null,
    constraint chat_told_pkey primary key (chat, number, account)
);
comment on table public.chat_told is 'Who was told that a message names them.';
