-- A projection's table is known by more than its name: whoever drops it and makes another one of that name has another table.

-- With the rights of whoever made it, so that it is the same for everybody.
create function rowcast.home() returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    cluster text;
begin
    begin
        select s.system_identifier::text into cluster from pg_control_system() s;
    exception when insufficient_privilege then
        cluster := null;
    end;
    return concat_ws(':', cluster, (select d.oid from pg_database d where d.datname = current_database()),
        'rowcast.projection'::regclass::oid);
end
$$;
comment on function rowcast.home() is 'Where numbers of relations mean the same: another one after a restore, also of these tables alone.';

alter table rowcast.projection add column relation oid, add column home text;
comment on column rowcast.projection.table_name is 'Its table. Empty: it failed before it had one.';
comment on column rowcast.projection.relation is 'Which table that is, at its home.';
comment on column rowcast.projection.home is 'Where it was claimed. At another one what was restored is taken for what it was.';
update rowcast.projection set relation = to_regclass(table_name), home = rowcast.home();

-- Numbers of transactions that are yet to be drawn here are foreign. An event of this database whose transaction was still open
-- when somebody looked must not be taken for one of them, whatever its seq.
create or replace function rowcast.adopt_events() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    -- One statement, so one view of what is there and of what is yet to come.
    update rowcast.history h set foreign_events = f.last
    from (
        select max(e.seq) as last from rowcast.event e where e.xid >= pg_snapshot_xmax(pg_current_snapshot())
    ) f
    where f.last > h.foreign_events;
    if not found then
        return false;
    end if;
    -- Where they stood means nothing here: whoever follows begins anew.
    update rowcast.projection set position = null where position is not null;
    return true;
end
$$;
