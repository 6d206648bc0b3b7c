-- A login that is given another secret is given another number, too: whoever was recognised by the secret before, and is looked at again
-- later, is nobody. A ticket that is being made meanwhile goes with the secret that it was made for.

alter table rowcast.login add column renewed_from bigint;
comment on column rowcast.login.renewed_from is 'The number that it had before it was given another secret.';

alter table rowcast.ticket
    drop constraint ticket_login_fkey,
    add constraint ticket_login_fkey foreign key (login) references rowcast.login (id) on delete cascade on update cascade;

create or replace function rowcast.tell_of_renewal() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from rowcast.ticket where login in (old.id, new.id);
    perform rowcast.record(-1, 'I', null, json_build_object('login', old.id)::text);
    return null;
end
$$;
