-- What really happened, written by the same transactions and read with nothing of the engine's.
create schema oracle;
create schema "odd place";
create schema shop;
create type oracle.mood as enum ('sad', 'ok', 'happy');

create table oracle.audit (
    seq bigint not null generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    number int not null,
    old text,
    new text
);

-- For one row, seq is drawn while its lock is held, so its order is commit order.
create function oracle.audit() returns trigger
language plpgsql
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
as $$
begin
    insert into oracle.audit (number, old, new)
    values (tg_argv[0]::int, row_to_json(old)::text, row_to_json(new)::text);
    return null;
end
$$;
