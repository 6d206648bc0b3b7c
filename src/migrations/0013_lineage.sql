-- Postgres asks for the rights to every function that a statement names, also where it never gets there. So what not everybody may ask
-- is asked in here, where a statement that is not reached is not looked at. With the rights of whoever made it, so that all servers of a
-- database are told the same.
create function rowcast.lineage(out cluster text, out timeline text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if has_function_privilege('pg_catalog.pg_control_system()', 'execute') then
        cluster := (select s.system_identifier::text from pg_control_system() s);
    end if;
    if not pg_is_in_recovery()
        and has_function_privilege('pg_catalog.pg_walfile_name(pg_lsn)', 'execute')
        and has_function_privilege('pg_catalog.pg_current_wal_insert_lsn()', 'execute')
    then
        timeline := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
    end if;
end
$$;
comment on function rowcast.lineage() is 'The cluster''s identifier, and its timeline, as far as they may be known: a restored or promoted database is another one.';
