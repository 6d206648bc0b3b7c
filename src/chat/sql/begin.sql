-- $1: two accounts, $2: what they are called. Waits for whoever begins the same conversation.
insert into public.chats (kind, members, names, name, topic)
values ('private', $1, $2, '', '')
on conflict (members) where kind = 'private' do nothing
