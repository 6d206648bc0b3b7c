-- The ledger: what happened, in streams of events that are only ever added to, and what is kept from them.
--
-- A stream's versions are 1, 2, 3 and so on without gaps, because whoever appends holds the row of the stream's head until the
-- end of their transaction. Across streams there is no number that says what came first: an event's seq is drawn before its
-- transaction commits. What is new to a reader is told by transactions, as in the changelog.

create table rowcast.stream (
    stream text not null,
    version bigint not null,
    at timestamptz not null default clock_timestamp(),
    constraint stream_pkey primary key (stream),
    constraint stream_name_length check (octet_length(stream) between 1 and 200),
    constraint stream_version check (version > 0)
) with (fillfactor = 80);
comment on table rowcast.stream is 'The head of each stream of events. Whoever appends to a stream holds its row.';
comment on column rowcast.stream.version is 'The version of its last event.';

create table rowcast.event (
    seq bigint not null generated always as identity,
    stream text not null,
    version bigint not null,
    type text not null,
    schema smallint not null,
    data jsonb not null,
    who text,
    who_name text not null,
    cause text,
    correlation text,
    at timestamptz not null default clock_timestamp(),
    xid xid8 not null default pg_current_xact_id(),
    constraint event_pkey primary key (stream, version),
    constraint event_version check (version > 0),
    constraint event_schema check (schema > 0),
    constraint event_type_length check (octet_length(type) between 1 and 100)
);
comment on table rowcast.event is 'What happened. Rows are added, and neither changed nor removed.';
comment on column rowcast.event.seq is 'Grows with the version within a stream, and from an event to whatever was appended by somebody who could see it. Has gaps.';
comment on column rowcast.event.schema is 'Which version of its type''s form the data has.';
comment on column rowcast.event.who is 'The id of whoever did it, as pages and sockets know them; null: the system.';
comment on column rowcast.event.who_name is 'What they were called then.';
comment on column rowcast.event.cause is 'What led to it: a command, or another event.';
comment on column rowcast.event.correlation is 'What it belongs to, together with others.';
comment on column rowcast.event.at is 'What the clock said. Clocks jump: it never says what came first.';
comment on column rowcast.event.xid is 'Its transaction: changes of the changelog with the same number belong to it.';
-- Reading on from a position; in pages; and what audits ask.
create index event_xid on rowcast.event (xid, seq);
create unique index event_seq on rowcast.event (seq);
create index event_who on rowcast.event (who, seq);
create index event_type on rowcast.event (type, seq);
create index event_at on rowcast.event (at);

create function rowcast.refuse() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'rowcast.% is never %: what happened stays', tg_table_name,
        case tg_op when 'UPDATE' then 'changed' when 'DELETE' then 'deleted from' else 'emptied' end
        using errcode = 'RC001', hint = 'To correct something, append an event that says so.';
end
$$;
comment on function rowcast.refuse() is 'Refuses whatever is done to events but adding them.';
create trigger refuse before update or delete or truncate on rowcast.event
    for each statement execute function rowcast.refuse();
-- What replication applies fires triggers of rows alone.
create trigger refuse_row before update or delete on rowcast.event
    for each row execute function rowcast.refuse();
create trigger refuse before delete or truncate on rowcast.stream
    for each statement execute function rowcast.refuse();
create trigger refuse_row before delete on rowcast.stream
    for each row execute function rowcast.refuse();
create trigger refuse_to_go_back before update on rowcast.stream
    for each row when (new.version <= old.version or new.stream <> old.stream) execute function rowcast.refuse();
-- Also for sessions that switch triggers off.
alter table rowcast.event enable always trigger refuse;
alter table rowcast.event enable always trigger refuse_row;
alter table rowcast.stream enable always trigger refuse;
alter table rowcast.stream enable always trigger refuse_row;
alter table rowcast.stream enable always trigger refuse_to_go_back;

create table rowcast.stream_snapshot (
    stream text not null,
    fold text not null,
    fold_version integer not null,
    version bigint not null,
    state json not null,
    at timestamptz not null default now(),
    constraint stream_snapshot_pkey primary key (stream, fold, fold_version, version)
);
comment on table rowcast.stream_snapshot is 'What streams had come to at some of their versions, so that long ones need not be read from their beginning. May be emptied at any time.';
comment on column rowcast.stream_snapshot.fold is 'What made the state from the events, and which version of it.';

create table rowcast.projection (
    name text not null,
    table_name text not null,
    version integer not null,
    state text not null default 'live',
    position text,
    done bigint not null default 0,
    total bigint not null default 0,
    stream text,
    stream_version bigint,
    problem text,
    rebuild uuid,
    at timestamptz not null default now(),
    constraint projection_pkey primary key (name),
    constraint projection_state check (state in ('live', 'behind', 'rebuilding', 'failed'))
);
comment on table rowcast.projection is 'The tables that are kept from events, and how far each has come.';
comment on column rowcast.projection.version is 'Which version of the projection made its rows.';
comment on column rowcast.projection.position is 'Of one that follows: its rows are made of the events of the transactions that this snapshot includes. Null: it is kept in the transactions that append.';
comment on column rowcast.projection.done is 'Of how many events it has been made, out of total, while it is behind or rebuilt.';
comment on column rowcast.projection.stream is 'Where it failed: the stream, and there the version.';
comment on column rowcast.projection.problem is 'Why it failed.';
comment on column rowcast.projection.rebuild is 'Who rebuilds it: a later one takes over.';
comment on column rowcast.projection.at is 'When something was last heard of it.';

-- Numbers of transactions mean something in one database only. A dump that is restored elsewhere brings events whose numbers may
-- be yet to be drawn there.
alter table rowcast.history add column foreign_events bigint not null default 0;
comment on column rowcast.history.foreign_events is 'Events up to this seq came from another database: every position includes them, whatever their transactions are.';

create function rowcast.adopt_events() returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from rowcast.event e, rowcast.history h
    where e.xid >= pg_snapshot_xmax(pg_current_snapshot()) and e.seq > h.foreign_events
    limit 1;
    if not found then
        return false;
    end if;
    update rowcast.history set foreign_events = (select max(e.seq) from rowcast.event e);
    -- Where they stood means nothing here: whoever follows begins anew.
    update rowcast.projection set position = null where position is not null;
    return true;
end
$$;
comment on function rowcast.adopt_events() is 'After a restore elsewhere: has what was restored be known as such. For a transaction that has appended nothing.';

create function rowcast.moment(text) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
    select $1::timestamptz
$$;
comment on function rowcast.moment(text) is 'Reads a time the same way in every session: in UTC unless it says otherwise.';

create function rowcast.time_text(timestamptz) returns text
language sql stable
as $$
    select (pg_catalog.to_json(pg_catalog.timezone('UTC', $1)) operator(pg_catalog.#>>) '{}'::pg_catalog.text[])
        operator(pg_catalog.||) '+00:00'
$$;
comment on function rowcast.time_text(timestamptz) is 'A time as row_to_json writes it in UTC.';

-- Settings of its own, so that nobody else's session is planned for this. It costs what is new, also while a transaction stays
-- open for an hour: both halves of `fresh` are look-ups in the index of transactions, and no other index may tempt the planner.
create function rowcast.events_after(next xid8, open xid8[], most bigint)
returns table (
    snapshot text, reach text, left_open text[], seq bigint, stream text, version bigint, type text, schema smallint, data text,
    who text, who_name text, cause text, correlation text, at text
)
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
    with adopted as materialized (
        select h.foreign_events as upto from rowcast.history h
    ), fresh as materialized (
        select f.xid, f.seq
        from (
            select e.xid, e.seq from rowcast.event e where e.xid >= events_after.next
            union all
            select e.xid, e.seq from rowcast.event e where e.xid = any (array(
                select x.open from unnest(events_after.open) x (open)
                where x.open < events_after.next and pg_visible_in_snapshot(x.open, pg_current_snapshot())
            ))
        ) f
        where f.seq + 0 > (select a.upto from adopted a)
    ), whole as (
        select f.xid, max(f.seq) as last, count(*) as events from fresh f group by f.xid
    ), placed as materialized (
        -- An event that was appended by somebody who could see those of another transaction has a higher number than all of them.
        select p.xid, p.upto <= events_after.most or p.upto = p.events as is_chosen
        from (select w.xid, w.events, sum(w.events) over (order by w.last) as upto from whole w) p
    ), chosen as materialized (
        select p.xid from placed p where p.is_chosen
    ), highest as materialized (
        -- Before Postgres 15 there is no max of them.
        select c.xid from chosen c order by c.xid desc limit 1
    ), mark as materialized (
        select pg_current_snapshot()::text as snapshot,
            case when exists (select from placed p where not p.is_chosen) then (select h.xid::text from highest h) end as reach,
            array(
                select p.xid::text from placed p
                where not p.is_chosen and p.xid <= greatest((select h.xid from highest h), events_after.next)
            ) as left_open
    )
    select m.snapshot, m.reach, m.left_open, null::bigint, null::text, null::bigint, null::text, null::smallint, null::text, null::text,
        null::text, null::text, null::text, null::text
    from mark m
    union all
    select null, null, null, n.*
    from (
        select o.*
        from chosen c
        cross join lateral (
            select e.seq, e.stream, e.version, e.type, e.schema, e.data::text, e.who, e.who_name, e.cause, e.correlation,
                rowcast.time_text(e.at)
            from rowcast.event e
            where e.xid = c.xid and e.seq + 0 > (select a.upto from adopted a)
            -- By itself for each of them: else it might begin with all events, in their order.
            offset 0
        ) o
        order by o.seq
    ) n
$$;
comment on function rowcast.events_after(xid8, xid8[], bigint) is 'The events that come next after a position: those of whole transactions, in an order in which each follows what it could see, and no more than wanted unless one transaction has more. The first row is none, and says which snapshot they lead to. If some are left, reach is the highest transaction that is not, and left_open are those below it or the position.';

-- What follows writes the rows of projections. A table of a projection is the projection's alone: every column that is not
-- generated is a field of its rows.

create function rowcast.plain_columns_of(relation regclass) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select a.attname::text from pg_attribute a
        where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        order by a.attnum
    );
end
$$;
comment on function rowcast.plain_columns_of(regclass) is 'The columns of a table that are not generated.';

create function rowcast.key_condition(relation regclass, one text, other text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if rowcast.key_of(relation) = '{}' then
        raise exception '% has no primary key, which the table of a projection needs', relation using errcode = 'RC002';
    end if;
    return (
        select string_agg(format('%1$s.%3$I = %2$s.%3$I', one, other, c), ' and ')
        from unnest(rowcast.key_of(relation)) c
    );
end
$$;
comment on function rowcast.key_condition(regclass, text, text) is 'SQL that says that two rows of a table have the same key.';

create function rowcast.row_of(relation regclass, of text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return format('row(%s)::record', (select string_agg(format('%s.%I', of, c), ', ') from unnest(rowcast.plain_columns_of(relation)) c));
end
$$;
comment on function rowcast.row_of(regclass, text) is 'SQL for the columns of a row that are not generated, to compare rows by their images.';

create function rowcast.rows_by_key(relation regclass, keys jsonb) returns table (place bigint, content text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
    return query execute format(
        'select k.place, row_to_json(t.*)::text
         from jsonb_array_elements($1) with ordinality k (key, place)
         cross join lateral jsonb_populate_record(null::%1$s, k.key) w
         join %1$s t on %2$s',
        relation, rowcast.key_condition(relation, 't', 'w')
    ) using keys;
end
$$;
comment on function rowcast.rows_by_key(regclass, jsonb) is 'The rows of a table that have these keys, as the changelog writes them; place is that of the key.';

create function rowcast.upsert_of(relation regclass, source text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant text[] := rowcast.plain_columns_of(relation);
    key constant text[] := rowcast.key_of(relation);
    others constant text := (
        select string_agg(format('%1$I = excluded.%1$I', c), ', ') from unnest(columns) c where c <> all (key)
    );
begin
    return format(
        'insert into %1$s as t (%2$s) overriding system value select %3$s from %4$s on conflict (%5$s) do %6$s',
        relation,
        (select string_agg(quote_ident(c), ', ') from unnest(columns) c),
        (select string_agg(format('r.%I', c), ', ') from unnest(columns) c),
        source,
        (select string_agg(quote_ident(c), ', ') from unnest(key) c),
        coalesce(
            format('update set %s where %s operator(pg_catalog.*<>) %s', others, rowcast.row_of(relation, 't'),
                rowcast.row_of(relation, 'excluded')),
            'nothing'
        )
    );
end
$$;
comment on function rowcast.upsert_of(regclass, text) is 'SQL that puts rows, which the source calls r, in the place of those with their keys, and leaves alone what is the same.';

create function rowcast.write_rows(relation regclass, kept jsonb, gone jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    stranger text;
begin
    select field into stranger
    from jsonb_array_elements(kept || gone) r, jsonb_object_keys(r) field
    where not exists (
        select from pg_attribute a
        where a.attrelid = relation and a.attname = field and a.attnum > 0 and not a.attisdropped
    )
    limit 1;
    if found then
        raise exception '% has no column %', relation, quote_ident(stranger) using errcode = 'undefined_column';
    end if;
    if gone <> '[]' then
        execute format('delete from %1$s t using jsonb_populate_recordset(null::%1$s, $1) w where %2$s',
            relation, rowcast.key_condition(relation, 't', 'w')) using gone;
    end if;
    if kept <> '[]' then
        execute rowcast.upsert_of(relation, format('jsonb_populate_recordset(null::%s, $1) r', relation)) using kept;
    end if;
end
$$;
comment on function rowcast.write_rows(regclass, jsonb, jsonb) is 'Writes rows of a projection: those that are kept whole, of those that are gone the keys.';

create function rowcast.shadow(relation regclass, name text, is_temporary boolean) returns regclass
language plpgsql
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    target constant text := case when is_temporary then 'pg_temp.' else 'rowcast.' end || quote_ident(name);
begin
    execute format('drop table if exists %s', target);
    execute format('create %s table %s (like %s including defaults including generated including constraints) %s',
        case when is_temporary then 'temporary' else '' end, target, relation,
        case when is_temporary then 'on commit drop' else '' end);
    execute format('alter table %s add primary key (%s)', target,
        (select string_agg(quote_ident(c), ', ') from unnest(rowcast.key_of(relation)) c));
    return target::regclass;
end
$$;
comment on function rowcast.shadow(regclass, text, boolean) is 'Makes an empty table like that of a projection, to replay events into. Not unlogged: one that a crash had emptied would be adopted.';

create function rowcast.differences(relation regclass, shadow regclass, most bigint)
returns table (row_key text, actual text, expected text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
    return query execute format(
        'select row_to_json(k.*)::text, case when t."rowcast is" then row_to_json(t."rowcast row")::text end,
            case when s."rowcast is" then row_to_json(s."rowcast row")::text end
         from (select true as "rowcast is", a as "rowcast row", a.* from %1$s a) t
         full join (select true as "rowcast is", b as "rowcast row", b.* from %2$s b) s on %3$s
         cross join lateral (select %4$s) k
         where t."rowcast is" is null or s."rowcast is" is null or %5$s operator(pg_catalog.*<>) %6$s
         order by %7$s
         limit $1',
        relation, shadow, rowcast.key_condition(relation, 't', 's'),
        (select string_agg(format('coalesce(t.%1$I, s.%1$I) as %1$I', c), ', ') from unnest(rowcast.key_of(relation)) c),
        rowcast.row_of(relation, 't'), rowcast.row_of(relation, 's'),
        (select string_agg(format('k.%I', c), ', ') from unnest(rowcast.key_of(relation)) c)
    ) using most;
end
$$;
comment on function rowcast.differences(regclass, regclass, bigint) is 'The rows in which the table of a projection and a replay differ: as they are and as they should be.';

create function rowcast.adopt(relation regclass, shadow regclass, out removed bigint, out written bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('delete from %1$s t where not exists (select from %2$s s where %3$s)',
        relation, shadow, rowcast.key_condition(relation, 't', 's'));
    get diagnostics removed = row_count;
    -- Only what differs: to meet a row is to lock it.
    execute rowcast.upsert_of(relation, format(
        '%2$s r where not exists (select from %1$s o where %3$s and %4$s operator(pg_catalog.*=) %5$s)',
        relation, shadow, rowcast.key_condition(relation, 'o', 'r'), rowcast.row_of(relation, 'o'), rowcast.row_of(relation, 'r')));
    get diagnostics written = row_count;
end
$$;
comment on function rowcast.adopt(regclass, regclass) is 'Makes the table of a projection equal to a replay, and touches no row that is as it should be.';
