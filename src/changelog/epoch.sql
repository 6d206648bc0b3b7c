-- The database's oid tells apart a copy made with `create database … template`.
select
    (select id::text from rowcast.history),
    (select oid::text from pg_database where datname = current_database()),
    case when has_function_privilege('pg_catalog.pg_control_system()', 'execute')
        then (select system_identifier::text from pg_control_system()) end,
    case when not pg_is_in_recovery() and has_function_privilege('pg_catalog.pg_walfile_name(pg_lsn)', 'execute')
        then left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) end
