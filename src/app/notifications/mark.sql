-- Marks those of one account as read that have the numbers $2, or a lower one than $3. Says how many, and in which transaction.
with marked as (
    update public.notifications
    set read_at = now()
    where account = $1 and (id = any($2) or id < $3) and read_at is null
    returning id
)
select count(*), pg_current_xact_id()::text::bigint from marked
