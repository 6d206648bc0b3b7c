-- Chat: rooms and private conversations, what was said in them, and how far each person has read.
--
-- What decides who may see a row is in the row itself: whether it is of a room, and if not, whose conversation it is of. A foreign key
-- keeps it what the conversation says.

create table public.chats (
    id bigint generated always as identity
        constraint chats_pkey primary key,
    kind text not null
        constraint chats_kind check (kind in ('room', 'private')),
    members bigint[] not null,
    names text[] not null,
    name text not null,
    topic text not null,
    last bigint not null default 0,
    last_at timestamptz not null default now(),
    last_author bigint,
    last_name text not null default '',
    last_text text not null default '',
    constraint chats_members check (
        case kind
            when 'room' then members = '{}' and names = '{}' and name <> ''
            else cardinality(members) = 2 and members[1] < members[2] and cardinality(names) = 2 and name = ''
        end
    ),
    constraint chats_decides unique (id, kind, members)
);
create unique index chats_pair on public.chats (members) where kind = 'private';
create unique index chats_name on public.chats (lower(name)) where kind = 'room';
comment on table public.chats is 'Rooms, and conversations between two people.';
comment on column public.chats.members is 'Whose private conversation it is: two accounts, the lower number first. Empty for a room.';
comment on column public.chats.names is 'What they are called, in the same order.';
comment on column public.chats.last is 'The number of the newest message; they have no gaps.';
comment on column public.chats.last_text is 'The beginning of the newest message; empty if it was deleted, or if there is none.';

create table public.chat_messages (
    chat bigint not null,
    number bigint not null,
    kind text not null,
    members bigint[] not null,
    author bigint,
    author_name text not null,
    key text not null,
    text text not null,
    mentions bigint[] not null default '{}',
    mentioned text[] not null default '{}',
    at timestamptz not null default now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    deleted_by text,
    constraint chat_messages_pkey primary key (chat, number),
    constraint chat_messages_chat foreign key (chat, kind, members) references public.chats (id, kind, members),
    constraint chat_messages_text check ((deleted_at is null) = (text <> ''))
);
create unique index chat_messages_key on public.chat_messages (author, key);
create index chat_messages_author on public.chat_messages (author, at);
comment on table public.chat_messages is 'What was said. Of what was deleted, that there was something.';
comment on column public.chat_messages.number is '1, 2, 3 and so on, in the order in which they were committed.';
comment on column public.chat_messages.author is 'The account that wrote it; null for somebody without one.';
comment on column public.chat_messages.key is 'Made by whoever sent it: under the same key of the same author it is stored once.';
comment on column public.chat_messages.mentions is 'Accounts that are named in it.';
comment on column public.chat_messages.mentioned is 'What they are called in it.';

create table public.chat_marks (
    chat bigint not null,
    account bigint not null,
    kind text not null,
    members bigint[] not null,
    name text not null,
    number bigint not null default 0,
    own_after bigint not null default 0,
    at timestamptz not null default now(),
    constraint chat_marks_pkey primary key (chat, account),
    constraint chat_marks_chat foreign key (chat, kind, members) references public.chats (id, kind, members)
);
create index chat_marks_account on public.chat_marks (account);
comment on table public.chat_marks is 'How far each person has read.';
comment on column public.chat_marks.number is 'The newest message that they have read.';
comment on column public.chat_marks.own_after is 'How many of those after it are their own.';
