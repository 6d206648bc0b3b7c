-- What a tracked table looks like, and how its servers learn that it looks different now. Filters need the types of columns; a
-- table that is renamed is still the same one; partitions come and go.

-- The table itself identifies a row of rowcast.tracked from here on. Names are swapped by renaming, one table at a time.
alter table rowcast.tracked
    drop constraint tracked_once,
    add column relid oid,
    add column columns jsonb not null default '[]',
    add column partitioned boolean not null default false,
    add column partitions oid[] not null default '{}',
    add column files oid[];
comment on column rowcast.tracked.key is 'Columns of the primary key, in its order. None: it lost its primary key, and cannot be shown until it has one.';
comment on column rowcast.tracked.since is 'The transaction that began tracking, or gave the table its shape: positions that do not include it cannot be resumed for this table.';
comment on column rowcast.tracked.relid is 'The table itself, whatever its name.';
comment on column rowcast.tracked.columns is 'Its columns in the order of row_to_json: name, type, kind and what belongs to the kind.';
comment on column rowcast.tracked.partitioned is 'Whether its rows are in partitions.';
comment on column rowcast.tracked.partitions is 'The partitions that hold rows, at any depth.';
comment on column rowcast.tracked.files is 'Where its rows are stored, if no event trigger tells when they are rewritten.';

-- Without settings of its own, so that it becomes part of the statements that use it: most columns are of these types.
create function rowcast.plain_kind_of(type oid) returns text
language sql stable
as $$
    select case type
        when 'pg_catalog.bool'::pg_catalog.regtype then 'bool'
        when 'pg_catalog.int2'::pg_catalog.regtype then 'int2'
        when 'pg_catalog.int4'::pg_catalog.regtype then 'int4'
        when 'pg_catalog.int8'::pg_catalog.regtype then 'int8'
        when 'pg_catalog.float4'::pg_catalog.regtype then 'float4'
        when 'pg_catalog.float8'::pg_catalog.regtype then 'float8'
        when 'pg_catalog.numeric'::pg_catalog.regtype then 'numeric'
        when 'pg_catalog.text'::pg_catalog.regtype then 'text'
        when 'pg_catalog.varchar'::pg_catalog.regtype then 'text'
        when 'pg_catalog.bpchar'::pg_catalog.regtype then 'bpchar'
        when 'pg_catalog.uuid'::pg_catalog.regtype then 'uuid'
        when 'pg_catalog.date'::pg_catalog.regtype then 'date'
        when 'pg_catalog.time'::pg_catalog.regtype then 'time'
        when 'pg_catalog.timetz'::pg_catalog.regtype then 'timetz'
        when 'pg_catalog.timestamp'::pg_catalog.regtype then 'timestamp'
        when 'pg_catalog.timestamptz'::pg_catalog.regtype then 'timestamptz'
        when 'pg_catalog.interval'::pg_catalog.regtype then 'interval'
        when 'pg_catalog.bytea'::pg_catalog.regtype then 'bytea'
        when 'pg_catalog.json'::pg_catalog.regtype then 'json'
        when 'pg_catalog.jsonb'::pg_catalog.regtype then 'jsonb'
    end
$$;
comment on function rowcast.plain_kind_of(oid) is 'What the values of a type are, if it is one of those that need no look into the catalog.';

-- In plpgsql, because it and the next one are made of each other.
create function rowcast.columns_of(relation oid) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(jsonb_agg(
        jsonb_build_object('name', a.attname::text, 'type', format_type(a.atttypid, a.atttypmod))
            || case when rowcast.plain_kind_of(a.atttypid) is null then rowcast.kind_of(a.atttypid)
                else jsonb_build_object('kind', rowcast.plain_kind_of(a.atttypid)) end
        order by a.attnum
    ), '[]')
    from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped;
end
$$;
comment on function rowcast.columns_of(oid) is 'The columns of a table, as rowcast.tracked keeps them.';

-- What the values of a type are: see hub::Kind. A domain is what it is made of. Attributes are of no use but to be compared:
-- altering a composite type alters rows that nobody wrote.
create function rowcast.kind_of(type oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when t.typtype = 'd' then rowcast.kind_of(t.typbasetype)
        when t.typtype = 'e' then jsonb_build_object('kind', 'enum', 'base', format_type(t.oid, null), 'labels',
            (select coalesce(jsonb_agg(e.enumlabel::text order by e.enumsortorder), '[]') from pg_enum e where e.enumtypid = t.oid))
        when t.typtype = 'c' then jsonb_build_object('kind', 'other', 'attributes', rowcast.columns_of(t.typrelid))
        when t.typcategory = 'A' and t.typelem <> 0 and t.typlen = -1
            then jsonb_build_object('kind', 'array', 'of', rowcast.kind_of(t.typelem))
        else jsonb_build_object('kind', coalesce(rowcast.plain_kind_of(t.oid), 'other'))
    end
    from pg_type t
    where t.oid = type
$$;
comment on function rowcast.kind_of(oid) is 'What the values of a type are, as the server knows them.';

create function rowcast.key_of(relation oid) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce((
        select array_agg(a.attname::text order by k.position)
        from pg_index i
        cross join unnest(i.indkey::int2[]) with ordinality as k (number, position)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = relation and i.indisprimary and k.position <= i.indnkeyatts
    ), '{}');
end
$$;
comment on function rowcast.key_of(oid) is 'The columns of the primary key of a table, in its order.';

-- Not pg_partition_tree, which locks what it lists.
create function rowcast.partitions_of(relation oid) returns oid[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with recursive tree (oid) as (
            select c.oid from pg_class c where c.oid = relation and c.relkind = 'p'
            union all
            select i.inhrelid from tree join pg_inherits i on i.inhparent = tree.oid
        )
        select coalesce(array_agg(c.oid order by c.oid), '{}') from tree join pg_class c using (oid) where c.relkind <> 'p'
    );
end
$$;
comment on function rowcast.partitions_of(oid) is 'The partitions of a table that hold rows, at any depth.';

create function rowcast.is_watched() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select count(*) = 3 from pg_event_trigger
    where evtname in ('rowcast_ddl', 'rowcast_drop', 'rowcast_rewrite') and evtenabled = 'A'
$$;
comment on function rowcast.is_watched() is 'Whether event triggers tell of changes of the schema.';

create function rowcast.argument(tracked integer) returns bytea
language sql stable
as $$
    select pg_catalog.convert_to(tracked::pg_catalog.text, 'UTF8') operator(pg_catalog.||) '\x00'::pg_catalog.bytea
$$;
comment on function rowcast.argument(integer) is 'rowcast.tracked.id as pg_trigger.tgargs has it.';

create function rowcast.reload(tracked integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into rowcast.change (table_id, op) values (tracked, 'R');
    if not pg_try_advisory_xact_lock_shared(1919907683, 1) then
        perform pg_notify('rowcast', '');
    end if;
end
$$;
comment on function rowcast.reload(integer) is 'Notes that rows of a table changed in bulk: it must be read anew.';

create function rowcast.capture_bulk() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform rowcast.reload(tg_argv[0]::integer);
    return null;
end
$$;
comment on function rowcast.capture_bulk() is 'After-truncate-trigger of every partition of a tracked table. Argument: rowcast.tracked.id.';

-- The table with the trigger that names the number: a restored database gives its tables other oids.
create function rowcast.attached_to(tracked integer, relation oid) returns oid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(
        (select g.tgrelid from pg_trigger g
         where g.tgrelid = relation and g.tgfoid = 'rowcast.capture'::regproc and g.tgtype & 1 = 1
            and g.tgargs = rowcast.argument(tracked)
         limit 1),
        (select g.tgrelid from pg_trigger g
         where g.tgfoid = 'rowcast.capture'::regproc and g.tgtype & 1 = 1 and g.tgparentid = 0
            and g.tgargs = rowcast.argument(tracked)
         limit 1)
    );
end
$$;
comment on function rowcast.attached_to(integer, oid) is 'The table that is captured under a number; looked for first where it should be.';

create function rowcast.shape_of(tracked integer, relation oid, out relid oid, out schema_name text, out table_name text,
    out key text[], out columns jsonb, out partitioned boolean, out partitions oid[], out files oid[], out armed boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    firing integer;
begin
    relid := rowcast.attached_to(tracked, relation);
    select n.nspname, c.relname, c.relkind = 'p' into schema_name, table_name, partitioned
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = relid;
    if not found then
        relid := null;
        return;
    end if;
    key := rowcast.key_of(relid);
    columns := rowcast.columns_of(relid);
    partitions := case when partitioned then rowcast.partitions_of(relid) else '{}' end;
    if not rowcast.is_watched() then
        files := (select array_agg(f.relfilenode order by f.oid) from pg_class f where f.oid = any (partitions || relid));
    end if;
    -- Each table that holds rows has two triggers, and the partitioned one has what new partitions inherit.
    select count(*) into firing
    from pg_trigger g
    where g.tgrelid = any (partitions || relid) and g.tgargs = rowcast.argument(tracked) and g.tgenabled = 'A'
        and g.tgfoid in ('rowcast.capture'::regproc, 'rowcast.capture_bulk'::regproc);
    armed := firing = case when partitioned then 1 + 2 * cardinality(partitions) else 2 end;
end
$$;
comment on function rowcast.shape_of(integer, oid) is 'What rowcast.tracked should say of a table, and whether all of its triggers are there and fire always.';

-- What a table's triggers lack. They fire always: also for what replication applies, and for sessions that switch triggers
-- off to load data.
create function rowcast.arm(tracked integer, relation oid) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    bulk constant text := '00_rowcast_bulk_' || tracked;
    partitions constant oid[] := rowcast.partitions_of(relation);
    -- Named by number as well, so that a partition of a tracked table can be tracked by itself.
    target record;
begin
    for target in
        select g.tgrelid::regclass as table from pg_trigger g
        where g.tgfoid = 'rowcast.capture_bulk'::regproc and g.tgargs = rowcast.argument(tracked)
            and g.tgrelid <> all (partitions)
    loop
        execute format('drop trigger %I on %s', bulk, target.table);
    end loop;
    for target in
        select p.oid::regclass as table from unnest(partitions) p (oid)
        where not exists (
            select from pg_trigger g
            where g.tgrelid = p.oid and g.tgfoid = 'rowcast.capture_bulk'::regproc and g.tgargs = rowcast.argument(tracked)
        )
    loop
        execute format('create trigger %I after truncate on %s for each statement execute function rowcast.capture_bulk(%L)',
            bulk, target.table, tracked);
    end loop;
    for target in
        select g.tgrelid::regclass as table, g.tgname as trigger from pg_trigger g
        where g.tgrelid = any (partitions || relation) and g.tgargs = rowcast.argument(tracked) and g.tgenabled <> 'A'
            and g.tgfoid in ('rowcast.capture'::regproc, 'rowcast.capture_bulk'::regproc)
        -- Where this reaches partitions by itself, the parent must not come last.
        order by g.tgrelid <> relation
    loop
        execute format('alter table %s enable always trigger %I', target.table, target.trigger);
    end loop;
end
$$;
comment on function rowcast.arm(integer, oid) is 'Gives a table and its partitions the triggers that they lack, has all fire always, and takes them from former partitions.';

create function rowcast.disarm(tracked integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    target record;
begin
    for target in
        select g.tgrelid::regclass as table, g.tgname as trigger from pg_trigger g
        where g.tgargs = rowcast.argument(tracked) and g.tgparentid = 0
            and g.tgfoid in ('rowcast.capture'::regproc, 'rowcast.capture_bulk'::regproc)
            and g.tgrelid <> 'rowcast.tracked'::regclass
    loop
        execute format('drop trigger %I on %s', target.trigger, target.table);
    end loop;
end
$$;
comment on function rowcast.disarm(integer) is 'Removes all triggers that capture under a number, wherever they are.';

-- One tracked table that is not as rowcast.tracked has it.
create function rowcast.refresh_one(was rowcast.tracked, created oid[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    shape record;
    altered boolean;
begin
    select s.* into shape from rowcast.shape_of(was.id, was.relid) s;
    if shape.relid is null then
        perform rowcast.disarm(was.id);
        delete from rowcast.tracked t where t.id = was.id;
        return;
    end if;
    altered := (was.relid, was.schema_name, was.table_name, was.key, was.columns, was.partitioned)
        is distinct from (shape.relid, shape.schema_name, shape.table_name, shape.key, shape.columns, shape.partitioned);
    if not shape.armed or was.partitions <> shape.partitions then
        perform rowcast.arm(was.id, shape.relid);
    end if;
    update rowcast.tracked t
    set relid = shape.relid, schema_name = shape.schema_name, table_name = shape.table_name, key = shape.key,
        columns = shape.columns, partitioned = shape.partitioned, partitions = shape.partitions, files = shape.files,
        since = case when altered then pg_current_xact_id() else t.since end
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
comment on function rowcast.refresh_one(rowcast.tracked, oid[]) is 'Has rowcast.tracked say what a table is like now.';

-- Waits for nobody for long: it runs in other people's transactions, and what holds a table up is looked at again.
create function rowcast.refresh_tracked(created oid[] default '{}') returns integer
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
            or (t.relid, t.schema_name, t.table_name, t.key, t.columns, t.partitioned, t.partitions, t.files)
                is distinct from (s.relid, s.schema_name, s.table_name, s.key, s.columns, s.partitioned, s.partitions, s.files)
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
comment on function rowcast.refresh_tracked(oid[]) is 'Has rowcast.tracked say what tables are like now, in this transaction; returns how many it did not. Tables made just now can be named.';

create function rowcast.concerns(relation oid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with recursive ancestors (oid) as (
        select relation
        union
        select i.inhparent from ancestors join pg_inherits i on i.inhrelid = ancestors.oid
    ), above (oid) as (
        select t.relid from rowcast.tracked t
        union
        select i.inhparent from above join pg_inherits i on i.inhrelid = above.oid
    )
    select exists (select from rowcast.tracked t join ancestors a on a.oid = t.relid)
        or exists (select from rowcast.tracked t where relation = any (t.partitions))
        or exists (select from above where above.oid = relation)
        -- A table is also a type.
        or exists (
            select from pg_type y
            join rowcast.tracked t on true
            join pg_attribute a on a.attrelid = t.relid and a.atttypid in (y.oid, y.typarray)
            where y.typrelid = relation
        )
$$;
comment on function rowcast.concerns(oid) is 'Whether altering a table may alter one that is tracked: itself, above or below it, or in one of its columns.';

-- Nothing that happens in the next three functions may keep anybody from changing their schema, or have them wait for long.
create function rowcast.on_ddl() returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
    created oid[];
    concerned boolean;
begin
    if current_setting('rowcast.refreshing', true) = 'on' then
        return;
    end if;
    select array_agg(d.objid) filter (where d.command_tag = 'CREATE TABLE'),
        bool_or(case
            when d.schema_name = 'pg_temp' then false
            when d.command_tag = 'CREATE TABLE' then c.relispartition
            when d.command_tag = 'ALTER TABLE' then rowcast.concerns(d.objid)
            else d.command_tag in ('ALTER TYPE', 'ALTER DOMAIN', 'ALTER SCHEMA')
        end)
    into created, concerned
    from pg_event_trigger_ddl_commands() d
    left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid;
    if concerned then
        perform rowcast.refresh_tracked(coalesce(created, '{}'));
    end if;
exception when others then
    raise log 'rowcast: a change of the schema is noticed later: %', sqlerrm;
end
$$;
comment on function rowcast.on_ddl() is 'Event trigger: something was made or altered.';

create function rowcast.on_drop() returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
begin
    if current_setting('rowcast.refreshing', true) = 'on' then
        return;
    end if;
    if exists (
        select from pg_event_trigger_dropped_objects() d
        where not d.is_temporary and case
            when d.classid = 'pg_class'::regclass
                then exists (select from rowcast.tracked t where t.relid = d.objid or d.objid = any (t.partitions))
            else d.object_type = 'trigger' and d.address_names[cardinality(d.address_names)] like '00\_rowcast\_%'
        end
    ) then
        perform rowcast.refresh_tracked();
    end if;
exception when others then
    raise log 'rowcast: a change of the schema is noticed later: %', sqlerrm;
end
$$;
comment on function rowcast.on_drop() is 'Event trigger: something was dropped.';

create function rowcast.on_rewrite() returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
begin
    -- 2 a default, 4 a column: the reasons to rewrite that change values (PostgreSQL's event_trigger.h).
    if pg_event_trigger_table_rewrite_reason() & 6 <> 0 then
        perform rowcast.reload(t.id) from rowcast.tracked t
        where t.relid = pg_event_trigger_table_rewrite_oid() or pg_event_trigger_table_rewrite_oid() = any (t.partitions);
    end if;
exception when others then
    raise log 'rowcast: a rewritten table is not noticed: %', sqlerrm;
end
$$;
comment on function rowcast.on_rewrite() is 'Event trigger: all rows of a table are rewritten, perhaps with other values of the same types.';

create function rowcast.watch_schema() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
begin
    if rowcast.is_watched() then
        return true;
    end if;
    drop event trigger if exists rowcast_ddl;
    drop event trigger if exists rowcast_drop;
    drop event trigger if exists rowcast_rewrite;
    create event trigger rowcast_ddl on ddl_command_end
        when tag in ('CREATE TABLE', 'CREATE SCHEMA', 'ALTER TABLE', 'ALTER TYPE', 'ALTER DOMAIN', 'ALTER SCHEMA')
        execute function rowcast.on_ddl();
    create event trigger rowcast_drop on sql_drop execute function rowcast.on_drop();
    create event trigger rowcast_rewrite on table_rewrite execute function rowcast.on_rewrite();
    alter event trigger rowcast_ddl enable always;
    alter event trigger rowcast_drop enable always;
    alter event trigger rowcast_rewrite enable always;
    return true;
exception
    when insufficient_privilege then return false;
    -- Another server was faster.
    when duplicate_object or unique_violation then return true;
end
$$;
comment on function rowcast.watch_schema() is 'Makes the event triggers, which only superusers may. False: others look at the schema from time to time.';

update rowcast.tracked t
set relid = s.relid, columns = s.columns, files = s.files
from rowcast.tracked o, lateral rowcast.shape_of(o.id, to_regclass(format('%I.%I', o.schema_name, o.table_name))) s
where o.id = t.id and s.relid is not null;
