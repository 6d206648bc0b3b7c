-- As sqlx makes it, which also wrote it until Rowcast did so by itself.
create schema if not exists rowcast;
create table if not exists rowcast.migration (
    version bigint primary key,
    description text not null,
    installed_on timestamptz not null default now(),
    success boolean not null,
    checksum bytea not null,
    execution_time bigint not null
);
