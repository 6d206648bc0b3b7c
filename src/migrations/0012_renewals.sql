-- A login that is given another secret is another one to whoever held the one before: sockets that it opened end as with another
-- role, so that they connect again with what they hold now, and tickets that it was given are worth nothing.

create function rowcast.tell_of_renewal() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from rowcast.ticket where login = old.id;
    perform rowcast.record(-1, 'I', null, json_build_object('login', old.id)::text);
    return null;
end
$$;
comment on function rowcast.tell_of_renewal() is 'Tells servers that what a cookie held is worth nothing any more, though its person is still signed in.';
create trigger tell_of_renewal after update of token on rowcast.login
    for each row when (new.token is distinct from old.token) execute function rowcast.tell_of_renewal();

-- As the command refuses it: what stood for person 5 would stand for person 55 as well. For rows that are new or change.
alter table rowcast.room add constraint room_user_is_whole check (position('$user.id*' in pattern) = 0) not valid;
