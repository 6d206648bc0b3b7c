-- While no server reads the changelog, it must not grow for ever: writers stop adding to it once there is nobody left who could
-- continue from what is in it. A server that comes begins anew.
--
-- Whether writers add is said by the number that they draw anyhow, so asking costs nothing: numbers from 2^62 on are of a
-- changelog that is paused.

comment on sequence rowcast.change_seq is 'The order of changes. Bits 40 and 41 are the part, those from 40 to 61 how often the part was changed, bit 62 that writers add nothing.';

create sequence rowcast.read_at as bigint minvalue 0;
comment on sequence rowcast.read_at is 'When a server last read the changelog, in seconds since 1970. A sequence, because everybody sees at once what it says.';
select setval('rowcast.read_at', extract(epoch from clock_timestamp())::bigint);

alter table rowcast.history
    add column keep interval,
    add column keep_bytes bigint,
    add column unsettled xid8;
comment on column rowcast.history.keep is 'For how long servers keep changes. Unknown: writers never stop adding to the changelog.';
comment on column rowcast.history.keep_bytes is 'How large servers let the changelog become; null for any size.';
comment on column rowcast.history.unsettled is 'Transactions below this number may have written while the changelog was paused, and commit later. 0: that number is still to be drawn.';

create function rowcast.is_unread() returns boolean
language sql
set search_path = pg_catalog, pg_temp
as $$
    -- Servers say that they are there twice a minute.
    select coalesce(unread.for > interval '10 minutes' and (unread.for > h.keep or h.keep_bytes < (
        select sum(pg_total_relation_size(name))
        from unnest(array['rowcast.change_0', 'rowcast.change_1', 'rowcast.change_2', 'rowcast.change_3']::regclass[]) name
    )), false)
        -- Clocks jump; who leads the servers holds a lock.
        and not exists (
            select from pg_locks l
            where l.locktype = 'advisory' and l.classid = 1919907683 and l.objid = 2
                and l.database = (select d.oid from pg_database d where d.datname = current_database())
        )
    from rowcast.history h
    cross join (select clock_timestamp() - to_timestamp(last_value) as for from rowcast.read_at) unread
$$;
comment on function rowcast.is_unread() is 'Whether no server has been there for as long as changes are kept, or for a while and the changelog is as large as it may be.';

-- Called by a writer, so nothing here may fail, or wait for anybody.
create function rowcast.pause_if_unread() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if not rowcast.is_unread() then
        return;
    end if;
    -- A server that begins to read, or to use another part, holds this for a moment. Writers must not hold it until their
    -- commit: so the block ends with an error, which takes back the lock, whereas sequences keep what they were set to.
    if pg_try_advisory_xact_lock(1919907683, 4) then
        perform setval('rowcast.change_seq', last_value | 4611686018427387904)
        from rowcast.change_seq
        where last_value < 4611686018427387904 and rowcast.is_unread();
        raise exception using errcode = 'RC000';
    end if;
exception
    when sqlstate 'RC000' then return;
    when others then raise log 'rowcast: whether anybody reads the changelog cannot be said: %', sqlerrm;
end
$$;
comment on function rowcast.pause_if_unread() is 'Has writers add nothing to the changelog any more, if nobody is left who could continue from it.';

-- Servers wait for each other here, but not for ever: one of them may have stalled.
create function rowcast.resume() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    paused constant bigint := 4611686018427387904;
    was bigint;
begin
    perform setval('rowcast.read_at', extract(epoch from clock_timestamp())::bigint);
    -- Who is about to pause the changelog has the lock, or sees under the lock that it is read. Hence the lock comes first,
    -- and then the look: a writer who has found it unread must not pause it after that.
    perform pg_advisory_xact_lock(1919907683, 4);
    select last_value into was from rowcast.change_seq;
    if was < paused then
        return false;
    end if;
    perform setval('rowcast.change_seq', (((was - paused) >> 40) + 1) << 40, false);
    -- In a statement of its own: who wrote without adding anything has ended by now, or is open in this snapshot.
    update rowcast.history set horizon = pg_current_snapshot(), unsettled = '0', rotated = now();
    return true;
end
$$;
comment on function rowcast.resume() is 'Notes that a server reads the changelog, and has writers add to it again if they had stopped: true. Nothing of before can be continued then.';

create function rowcast.settle() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    before xid8;
begin
    perform from rowcast.history where unsettled is not null;
    if not found then
        return true;
    end if;
    -- A number that is drawn now is beyond those of all who wrote before.
    update rowcast.history set unsettled = pg_current_xact_id() where unsettled = '0';
    select unsettled into before from rowcast.history for update;
    if pg_snapshot_xmin(pg_current_snapshot()) < before then
        return false;
    end if;
    -- As if the tables had been tracked only now: whoever shows one reads it anew.
    update rowcast.tracked set since = pg_current_xact_id() where before is not null;
    update rowcast.history set unsettled = null;
    return true;
end
$$;
comment on function rowcast.settle() is 'Has the tables read anew once everybody has ended who may have written while the changelog was paused; false until then.';

create or replace function rowcast.record(table_id integer, op "char", before text, after text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    n constant bigint := nextval('rowcast.change_seq');
begin
    if n & 4095 = 0 or n >= 4611686018427387904 then
        if n >= 4611686018427387904 then
            return;
        end if;
        perform rowcast.pause_if_unread();
    end if;
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
    -- Now and then it is looked whether anybody reads this.
    if n & 4095 = 0 or n >= 4611686018427387904 then
        if n >= 4611686018427387904 then
            return null;
        end if;
        perform rowcast.pause_if_unread();
    end if;
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
