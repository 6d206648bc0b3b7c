-- $1: the oid of a relation.
select
    n.nspname::text as schema_name,
    c.relname::text as table_name,
    format('%I.%I', n.nspname, c.relname) as display,
    c.relkind::text as kind,
    c.relpersistence::text as persistence,
    exists (select from pg_inherits where inhparent = c.oid) as has_children,
    pg_has_role(c.relowner, 'usage') as is_owner,
    pg_has_role(c.relowner, capture.proowner, 'usage') as is_trusted,
    pg_get_userbyid(capture.proowner)::text as capturer,
    pg_get_userbyid(c.relowner)::text as owner,
    current_user::text as me,
    coalesce((
        select array_agg(a.attname::text order by k.position)
        from pg_index i
        cross join unnest(i.indkey::int2[]) with ordinality as k (number, position)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = c.oid and i.indisprimary and k.position <= i.indnkeyatts
    ), '{}') as key
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join (select proowner from pg_proc where oid = to_regprocedure('rowcast.capture()')) capture
where c.oid = $1
