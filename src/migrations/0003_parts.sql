-- The changelog in parts that are emptied as a whole: retention neither deletes row by row nor leaves dead rows behind.
--
-- The sequence number of a change says which part it is in, so going on with the next part is one setval: no lock that
-- a writer waits for, and numbers that only grow. Nothing depends on a part being entirely the current one: a writer who
-- has drawn its number and is slow puts its row where the number says, and readers look into all parts.

-- Writers hold this table only until their commit, and while this waits for them, others wait behind it.
set local lock_timeout = '10s';
lock table rowcast.change in access exclusive mode;
set local lock_timeout = 0;

alter table rowcast.change rename to change_0;
alter index rowcast.change_xid rename to change_0_xid_idx;
alter table rowcast.change_0 alter column seq drop identity;

-- Numbers of a part: 2^40, of parts in all: 2^23, each used every fourth time.
create sequence rowcast.change_seq as bigint;
comment on sequence rowcast.change_seq is 'The order of changes. Bits 40 and 41 are the part, those from 40 on how often the part was changed.';
select setval('rowcast.change_seq', coalesce(max(seq), 0) + 1, false) from rowcast.change_0;
alter table rowcast.change_0 alter column seq set default nextval('rowcast.change_seq');

comment on table rowcast.change_0 is 'A part of the changelog.';
comment on column rowcast.change_0.op is 'I, U, D, T (truncate) or R (changed in bulk: the table must be read anew).';
create table rowcast.change_1 (like rowcast.change_0 including all);
create table rowcast.change_2 (like rowcast.change_0 including all);
create table rowcast.change_3 (like rowcast.change_0 including all);
comment on table rowcast.change_1 is 'A part of the changelog.';
comment on table rowcast.change_2 is 'A part of the changelog.';
comment on table rowcast.change_3 is 'A part of the changelog.';

-- Rows are added and then gone with their part: to vacuum them early is work for nothing.
alter table rowcast.change_0 set (autovacuum_vacuum_insert_threshold = -1);
alter table rowcast.change_1 set (autovacuum_vacuum_insert_threshold = -1);
alter table rowcast.change_2 set (autovacuum_vacuum_insert_threshold = -1);
alter table rowcast.change_3 set (autovacuum_vacuum_insert_threshold = -1);

create view rowcast.change as
    select seq, xid, at, table_id, op, old, new from rowcast.change_0
    union all
    select seq, xid, at, table_id, op, old, new from rowcast.change_1
    union all
    select seq, xid, at, table_id, op, old, new from rowcast.change_2
    union all
    select seq, xid, at, table_id, op, old, new from rowcast.change_3;
comment on view rowcast.change is 'The changelog: one row per changed row, written in the same transaction. For one row of a table, seq order is commit order.';

create function rowcast.record(table_id integer, op "char", before text, after text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    n constant bigint := nextval('rowcast.change_seq');
begin
    case (n >> 40) & 3
        when 0 then insert into rowcast.change_0 (seq, table_id, op, old, new) values (n, table_id, op, before, after);
        when 1 then insert into rowcast.change_1 (seq, table_id, op, old, new) values (n, table_id, op, before, after);
        when 2 then insert into rowcast.change_2 (seq, table_id, op, old, new) values (n, table_id, op, before, after);
        else insert into rowcast.change_3 (seq, table_id, op, old, new) values (n, table_id, op, before, after);
    end case;
    if not pg_try_advisory_xact_lock_shared(1919907683, 1) then
        perform pg_notify('rowcast', '');
    end if;
end
$$;
comment on function rowcast.record(integer, "char", text, text) is 'Adds a change to the changelog and rings, as capture does.';

create function rowcast.forget(tracked integer) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    delete from rowcast.change_0 where table_id = tracked;
    delete from rowcast.change_1 where table_id = tracked;
    delete from rowcast.change_2 where table_id = tracked;
    delete from rowcast.change_3 where table_id = tracked;
$$;
comment on function rowcast.forget(integer) is 'Removes the changes of a table that is no longer tracked.';

-- A writer that was in the old function while this was installed finds a view where the table was.
create function rowcast.change_insert() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform rowcast.record(new.table_id, new.op, new.old, new.new);
    return new;
end
$$;
comment on function rowcast.change_insert() is 'Makes the view rowcast.change accept what the table did.';
create trigger change_insert instead of insert on rowcast.change
    for each row execute function rowcast.change_insert();

-- Inserts by itself what rowcast.record would: a call more for every row would cost every writer.
create or replace function rowcast.capture() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
declare
    n constant bigint := nextval('rowcast.change_seq');
begin
    case (n >> 40) & 3
        when 0 then
            insert into rowcast.change_0 (seq, table_id, op, old, new)
            values (n, tg_argv[0]::integer, left(tg_op, 1)::"char", row_to_json(old)::text, row_to_json(new)::text);
        when 1 then
            insert into rowcast.change_1 (seq, table_id, op, old, new)
            values (n, tg_argv[0]::integer, left(tg_op, 1)::"char", row_to_json(old)::text, row_to_json(new)::text);
        when 2 then
            insert into rowcast.change_2 (seq, table_id, op, old, new)
            values (n, tg_argv[0]::integer, left(tg_op, 1)::"char", row_to_json(old)::text, row_to_json(new)::text);
        else
            insert into rowcast.change_3 (seq, table_id, op, old, new)
            values (n, tg_argv[0]::integer, left(tg_op, 1)::"char", row_to_json(old)::text, row_to_json(new)::text);
    end case;
    -- Refused only while the tailer sleeps with the exclusive lock in its hand: then it must be woken. A writer that is
    -- granted the lock holds it until its commit, so the tailer cannot fall asleep past it.
    if not pg_try_advisory_xact_lock_shared(1919907683, 1) then
        perform pg_notify('rowcast', '');
    end if;
    return null;
end
$$;

-- A position: what was committed then is pruned, what was open then is not, however long it stays open.
alter table rowcast.history
    alter column horizon drop default,
    alter column horizon type pg_snapshot using format('%1$s:%1$s:', greatest(horizon::text::bigint, 3))::pg_snapshot,
    alter column horizon set default '3:3:',
    add column rotated timestamptz not null default now();
comment on column rowcast.history.horizon is 'Changes of the transactions that it includes may have been pruned.';
comment on column rowcast.history.rotated is 'Since when the current part of the changelog has been in use.';

alter table rowcast.mark rename column oldest to position;
alter table rowcast.mark
    alter column position drop default,
    alter column position type pg_snapshot using format('%1$s:%1$s:', greatest(position::text::bigint, 3))::pg_snapshot,
    alter column position set default pg_current_snapshot();
comment on table rowcast.mark is 'Once in a while: where the database stood at that time. Retention finds its horizon here, a starting server the recent past.';

create function rowcast.is_later(one pg_snapshot, other pg_snapshot) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select (pg_snapshot_xmax(one), -(select count(*) from pg_snapshot_xip(one)))
        > (pg_snapshot_xmax(other), -(select count(*) from pg_snapshot_xip(other)))
$$;
comment on function rowcast.is_later(pg_snapshot, pg_snapshot) is 'Of two positions of one history: the later one has a higher end, or the same and fewer still open.';
