-- The engine's own schema: what is tracked, what changed, and how far back that reaches. Nothing of the user's is here.

create table rowcast.history (
    singleton boolean not null default true,
    id uuid not null default gen_random_uuid(),
    horizon xid8 not null default '0',
    constraint history_pkey primary key (singleton),
    constraint history_has_one_row check (singleton)
);
comment on table rowcast.history is 'One row: which continuous history this is, and where it begins.';
comment on column rowcast.history.id is 'Made with the schema. With the system identifier and timeline it is the epoch of position tokens.';
comment on column rowcast.history.horizon is 'Changes of transactions below this number may have been pruned.';
insert into rowcast.history default values;

create table rowcast.tracked (
    id integer not null generated always as identity,
    schema_name text not null,
    table_name text not null,
    key text[] not null,
    since xid8 not null default pg_current_xact_id(),
    at timestamptz not null default now(),
    constraint tracked_pkey primary key (id),
    constraint tracked_once unique (schema_name, table_name)
);
comment on table rowcast.tracked is 'Tables whose changes are captured. Itself captured, as table 0: servers learn of new tables in commit order.';
comment on column rowcast.tracked.key is 'Columns of the primary key, in its order.';
comment on column rowcast.tracked.since is 'The transaction that began tracking: positions that do not include it cannot be resumed for this table.';

create table rowcast.change (
    seq bigint not null generated always as identity,
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null default clock_timestamp(),
    table_id integer not null,
    op "char" not null,
    old text,
    new text
);
comment on table rowcast.change is 'The changelog: one row per changed row, written in the same transaction. For one row of a table, seq order is commit order.';
comment on column rowcast.change.op is 'I, U, D or T (truncate).';
comment on column rowcast.change.old is 'The row before, as row_to_json writes it; null for an insert.';
comment on column rowcast.change.new is 'The row after; null for a delete.';

-- The only index, because every writer pays for it: readers ask for the transactions that they have not seen.
create index change_xid on rowcast.change (xid);

create table rowcast.mark (
    at timestamptz not null default now(),
    oldest xid8 not null default pg_snapshot_xmin(pg_current_snapshot()),
    constraint mark_pkey primary key (at)
);
comment on table rowcast.mark is 'Once in a while: every transaction below oldest had ended at that time. Retention by age finds its horizon here.';

-- Runs inside every writer's transaction, so every statement counts. Security definer, because application roles have
-- no rights here; pinned settings, because every session must write the same text for the same row.
create function rowcast.capture() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
    insert into rowcast.change (table_id, op, old, new)
    values (tg_argv[0]::integer, left(tg_op, 1)::"char", row_to_json(old)::text, row_to_json(new)::text);
    -- Refused only while the tailer sleeps with the exclusive lock in its hand: then it must be woken. A writer that is
    -- granted the lock holds it until its commit, so the tailer cannot fall asleep past it.
    if not pg_try_advisory_xact_lock_shared(1919907683, 1) then
        perform pg_notify('rowcast', '');
    end if;
    return null;
end
$$;
comment on function rowcast.capture() is 'After-trigger of every tracked table. Argument: rowcast.tracked.id.';

create trigger "00_rowcast_capture" after insert or update or delete on rowcast.tracked
    for each row execute function rowcast.capture('0');
