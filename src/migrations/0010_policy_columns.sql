-- Policies name columns. Which ones were meant is kept beside the names, so that a name that comes to mean another column (it
-- was renamed, or dropped and added again) grants nothing: then nobody sees anything by the policy, until it is granted again.

alter table rowcast.policy add column attributes jsonb not null default '{}';
comment on column rowcast.policy.attributes is 'What the names of the table''s columns meant when this was granted: each with its number in pg_attribute. Kept by a trigger.';

create function rowcast.attributes_of(relation oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_object_agg(a.attname::text, a.attnum), '{}')
    from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
$$;
comment on function rowcast.attributes_of(oid) is 'The columns of a table by name, with their numbers.';

create function rowcast.moved_columns(attributes jsonb, relation oid) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(a.attname::text order by a.attnum), '{}')
    from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
        and (attributes ->> a.attname::text)::integer is distinct from a.attnum
$$;
comment on function rowcast.moved_columns(jsonb, oid) is 'The columns of a table whose names meant others, or none, when these attributes were noted.';

create function rowcast.on_policy_row() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    new.attributes := coalesce(
        (select rowcast.attributes_of(rowcast.attached_to(t.id, t.relid)) from rowcast.tracked t where t.id = new.tracked),
        '{}'
    );
    return new;
end
$$;
comment on function rowcast.on_policy_row() is 'Notes which columns a policy means: those that have its names now.';
create trigger policy_means before insert or update on rowcast.policy
    for each row execute function rowcast.on_policy_row();
alter table rowcast.policy enable always trigger policy_means;

create function rowcast.policies_of(number integer, relation oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(
        jsonb_build_object('role', p.role, 'columns', p.columns, 'filter', p.filter)
            || case when p.moved = '{}' then '{}'::jsonb else jsonb_build_object('moved', p.moved) end
        order by p.role
    ), '[]')
    from (
        select distinct on (role) role, columns, filter,
            case when columns is null and filter is null then '{}'::text[] else rowcast.moved_columns(attributes, relation) end as moved
        from rowcast.policy
        where tracked = number or tracked is null
        order by role, tracked nulls last
    ) p
$$;
comment on function rowcast.policies_of(integer, oid) is 'The policies of a table: of each role its own, else that of all tables; and which columns have come to mean others since.';

create or replace function rowcast.on_policy() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- One after the other, each seeing what the one before has done: who waited for a row only would write what it saw before.
    perform pg_advisory_xact_lock(1919907683, 6);
    update rowcast.tracked
    set policies = rowcast.policies_of(id, relid), since = pg_current_xact_id()
    where policies is distinct from rowcast.policies_of(id, relid);
    return null;
end
$$;

create or replace function rowcast.on_tracked() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(1919907683, 6);
    new.policies := rowcast.policies_of(new.id, new.relid);
    return new;
end
$$;

drop function rowcast.policies_of(integer);

create or replace function rowcast.refresh_one(was rowcast.tracked, created oid[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    shape record;
    granted jsonb;
    altered boolean;
begin
    select s.* into shape from rowcast.shape_of(was.id, was.relid) s;
    if shape.relid is null then
        perform rowcast.disarm(was.id);
        delete from rowcast.tracked t where t.id = was.id;
        return;
    end if;
    -- Shared with others who alter tables, and not with those who grant: whoever is second sees what the first has done.
    perform pg_advisory_xact_lock_shared(1919907683, 6);
    -- Another table by the same number is one that was restored: its columns have their names, and perhaps other numbers.
    if was.relid <> shape.relid then
        update rowcast.policy p set at = p.at where p.tracked = was.id;
    end if;
    granted := rowcast.policies_of(was.id, shape.relid);
    altered := (was.relid, was.schema_name, was.table_name, was.key, was.columns, was.partitioned, was.policies)
        is distinct from (shape.relid, shape.schema_name, shape.table_name, shape.key, shape.columns, shape.partitioned, granted);
    if not shape.armed or was.partitions <> shape.partitions then
        perform rowcast.arm(was.id, shape.relid);
    end if;
    update rowcast.tracked t
    set relid = shape.relid, schema_name = shape.schema_name, table_name = shape.table_name, key = shape.key,
        columns = shape.columns, partitioned = shape.partitioned, partitions = shape.partitions, files = shape.files,
        policies = granted, since = case when altered then pg_current_xact_id() else t.since end
    where t.id = was.id
        and (altered or t.partitions <> shape.partitions or t.files is distinct from shape.files);
    -- A partition that was made just now brings no rows. What else came or went did, or may have been written unseen.
    if was.partitions <> array(select p from unnest(shape.partitions) p where p <> all (created) order by p)
        or not shape.armed and created = '{}'
        or was.files <> shape.files
    then
        perform rowcast.reload(was.id);
    end if;
end
$$;

create or replace function rowcast.refresh_tracked(created oid[] default '{}') returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
    was rowcast.tracked;
    refreshed integer := 0;
begin
    -- What is done here are changes of the schema, too.
    perform set_config('rowcast.refreshing', 'on', true);
    for was in
        select t.*
        from rowcast.tracked t
        cross join lateral rowcast.shape_of(t.id, t.relid) s
        where s.relid is null or not s.armed
            or (t.relid, t.schema_name, t.table_name, t.key, t.columns, t.partitioned, t.partitions, t.files, t.policies)
                is distinct from (s.relid, s.schema_name, s.table_name, s.key, s.columns, s.partitioned, s.partitions, s.files,
                    rowcast.policies_of(t.id, s.relid))
        order by t.id
    loop
        begin
            perform rowcast.refresh_one(was, created);
            refreshed := refreshed + 1;
        exception when others then
            raise log 'rowcast: % is looked at again later: %', was.table_name, sqlerrm;
        end;
    end loop;
    perform set_config('rowcast.refreshing', '', true);
    return refreshed;
end
$$;

-- Its parameter and a column are called the same.
create or replace function rowcast."grant"(relation regclass, role text, columns text[] default null, filter text default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    number constant integer := (select t.id from rowcast.tracked t where rowcast.attached_to(t.id, t.relid) = "grant".relation);
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

-- What is granted now is taken to mean the columns that have these names now.
update rowcast.policy set at = at;
