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
    exists (
        select from pg_class p
        where p.oid = any (rowcast.partitions_of(c.oid)) and (p.relkind, p.relpersistence) <> ('r', 'p')
    ) as has_unsuitable_partitions,
    exists (
        select from pg_attribute a
        where a.attrelid = c.oid and not a.attisdropped and a.atttypid in ('money'::regtype, 'money[]'::regtype)
    ) as has_money,
    rowcast.key_of(c.oid) as key
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join (select proowner from pg_proc where oid = to_regprocedure('rowcast.capture()')) capture
where c.oid = $1
