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
        with recursive part (type) as (
            select a.atttypid from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            union
            select made_of.type
            from part
            join pg_type t on t.oid = part.type
            cross join lateral (
                select t.typbasetype
                union all
                select t.typelem
                union all
                select r.rngsubtype from pg_range r where r.rngtypid = t.oid
                union all
                select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
            ) made_of (type)
        )
        select from part where part.type = 'money'::regtype
    ) as has_money,
    -- Only from Postgres 18 on there are such columns.
    exists (
        select from pg_attribute a where a.attrelid = c.oid and not a.attisdropped and a.attgenerated = 'v'
    ) as has_virtual,
    rowcast.key_of(c.oid) as key
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join (select proowner from pg_proc where oid = to_regprocedure('rowcast.capture()')) capture
where c.oid = $1
