-- Who may see what. Nothing is granted to anybody unless it is here.
--
-- What is granted of a table is part of what servers know of the table (rowcast.tracked.policies), so they learn of a grant and
-- of its loss in commit order, and whoever shows the table starts over.

create table rowcast.policy (
    id integer not null generated always as identity,
    tracked integer,
    role text not null,
    columns text[],
    filter text,
    at timestamptz not null default now(),
    constraint policy_pkey primary key (id),
    constraint policy_tracked foreign key (tracked) references rowcast.tracked (id) on delete cascade,
    constraint policy_role check (role in ('anonymous', 'customer', 'staff', 'admin')),
    constraint policy_columns check (cardinality(columns) > 0),
    constraint policy_of_all_tables check (tracked is not null or (columns is null and filter is null))
);
comment on table rowcast.policy is 'What a role may read. Nothing granted, nothing seen.';
comment on column rowcast.policy.tracked is 'The table, as rowcast.tracked numbers it; null for every table that has no policy of its own for the role.';
comment on column rowcast.policy.columns is 'The columns that may be read, besides those of the primary key, which always may; null for all.';
comment on column rowcast.policy.filter is 'Which rows: a filter as in a subscription, in which $user.id and $user.role stand for whoever looks; null for all.';
create unique index policy_once on rowcast.policy (tracked, role) where tracked is not null;
create unique index policy_of_all_once on rowcast.policy (role) where tracked is null;

alter table rowcast.tracked add column policies jsonb not null default '[]';
comment on column rowcast.tracked.policies is 'What rowcast.policy says of it, one for each role. Kept by triggers.';

create function rowcast.policies_of(number integer) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('role', p.role, 'columns', p.columns, 'filter', p.filter) order by p.role), '[]')
    from (
        select distinct on (role) role, columns, filter
        from rowcast.policy
        where tracked = number or tracked is null
        order by role, tracked nulls last
    ) p
$$;
comment on function rowcast.policies_of(integer) is 'The policies of a table: of each role its own, else that of all tables.';

create function rowcast.on_policy() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- One after the other, each seeing what the one before has done: who waited for a row only would write what it saw before.
    perform pg_advisory_xact_lock(1919907683, 6);
    update rowcast.tracked
    set policies = rowcast.policies_of(id), since = pg_current_xact_id()
    where policies is distinct from rowcast.policies_of(id);
    return null;
end
$$;
comment on function rowcast.on_policy() is 'Has rowcast.tracked say what policies say. Its since moves: nobody continues with rows that were read under other policies.';
create trigger policy_changed after insert or update or delete or truncate on rowcast.policy
    for each statement execute function rowcast.on_policy();
alter table rowcast.policy enable always trigger policy_changed;

create function rowcast.on_tracked() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(1919907683, 6);
    new.policies := rowcast.policies_of(new.id);
    return new;
end
$$;
comment on function rowcast.on_tracked() is 'A table that is tracked from now on has the policies of all tables.';
create trigger tracked_has_policies before insert on rowcast.tracked
    for each row execute function rowcast.on_tracked();
alter table rowcast.tracked enable always trigger tracked_has_policies;

create function rowcast."grant"(relation regclass, role text, columns text[] default null, filter text default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    number constant integer := (select t.id from rowcast.tracked t where rowcast.attached_to(t.id, t.relid) = relation);
begin
    if number is null then
        raise exception '% is not live', relation using hint = 'rowcast track makes it live.', errcode = 'undefined_table';
    end if;
    insert into rowcast.policy as p (tracked, role, columns, filter)
    values (number, "grant".role, "grant".columns, "grant".filter)
    on conflict (tracked, role) where tracked is not null
        do update set columns = excluded.columns, filter = excluded.filter, at = now();
end
$$;
comment on function rowcast."grant"(regclass, text, text[], text) is 'Lets a role read a table: these columns of these rows, in place of what it might read before.';

create function rowcast."revoke"(relation regclass, role text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from rowcast.policy p
    using rowcast.tracked t
    where p.tracked = t.id and rowcast.attached_to(t.id, t.relid) = relation and p.role = "revoke".role;
    return found;
end
$$;
comment on function rowcast."revoke"(regclass, text) is 'Takes back what "grant" gave; false if it gave nothing. What is granted of all tables holds again.';

create function rowcast.grant_all(role text) returns void
language sql
as $$
    insert into rowcast.policy (role) values (grant_all.role) on conflict (role) where tracked is null do nothing
$$;
comment on function rowcast.grant_all(text) is 'Lets a role read every live table that has no policy of its own for it, also those to come.';

create function rowcast.revoke_all(role text) returns boolean
language plpgsql
as $$
begin
    delete from rowcast.policy p where p.tracked is null and p.role = revoke_all.role;
    return found;
end
$$;
comment on function rowcast.revoke_all(text) is 'Takes back what grant_all gave.';

-- Until now everybody could see everything that is live. Those who work here still do.
insert into rowcast.policy (tracked, role)
select t.id, role from rowcast.tracked t cross join (values ('staff'), ('admin')) r (role);
