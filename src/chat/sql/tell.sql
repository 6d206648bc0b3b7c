-- $1: accounts, $2: the kind, $3: the title, $4: the text, $5: the link, $6: the conversation, $7: the number.
with new as (
    insert into public.chat_told (chat, number, account)
    select $6, $7, account from unnest($1::bigint[]) as account
    on conflict do nothing
    returning account
)
insert into public.notifications (account, kind, title, body, link)
select account, $2, $3, $4, $5 from new order by account
