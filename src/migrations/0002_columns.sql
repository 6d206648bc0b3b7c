-- What a tracked table looks like: filters need the types of its columns, and a table that is renamed is still the same one.

alter table rowcast.tracked
    add column relid oid,
    add column columns jsonb not null default '[]';
comment on column rowcast.tracked.relid is 'The table itself, whatever its name.';
comment on column rowcast.tracked.columns is 'Its columns in the order of row_to_json: name, type, kind and what belongs to the kind.';

-- What the values of a type are: see hub::Kind. A domain is what it is made of.
create function rowcast.kind_of(type oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when t.typtype = 'd' then rowcast.kind_of(t.typbasetype)
        when t.typtype = 'e' then jsonb_build_object('kind', 'enum', 'labels',
            (select coalesce(jsonb_agg(e.enumlabel::text order by e.enumsortorder), '[]') from pg_enum e where e.enumtypid = t.oid))
        when t.typcategory = 'A' and t.typelem <> 0 and t.typlen = -1
            then jsonb_build_object('kind', 'array', 'of', rowcast.kind_of(t.typelem))
        else jsonb_build_object('kind', coalesce((
            select k.kind
            from (values
                ('bool'::regtype, 'bool'), ('int2', 'int2'), ('int4', 'int4'), ('int8', 'int8'), ('float4', 'float4'),
                ('float8', 'float8'), ('numeric', 'numeric'), ('text', 'text'), ('varchar', 'text'), ('bpchar', 'bpchar'),
                ('uuid', 'uuid'), ('date', 'date'), ('time', 'time'), ('timetz', 'timetz'), ('timestamp', 'timestamp'),
                ('timestamptz', 'timestamptz'), ('interval', 'interval'), ('bytea', 'bytea'), ('json', 'json'),
                ('jsonb', 'jsonb')
            ) k (type, kind)
            where k.type = t.oid
        ), 'other'))
    end
    from pg_type t
    where t.oid = type
$$;
comment on function rowcast.kind_of(oid) is 'What the values of a type are, as the server knows them.';

create function rowcast.columns_of(relation oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(
        jsonb_build_object('name', a.attname::text, 'type', format_type(a.atttypid, a.atttypmod)) || rowcast.kind_of(a.atttypid)
        order by a.attnum
    ), '[]')
    from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
$$;
comment on function rowcast.columns_of(oid) is 'The columns of a table, as rowcast.tracked keeps them.';

update rowcast.tracked t
set relid = to_regclass(format('%I.%I', t.schema_name, t.table_name)),
    columns = rowcast.columns_of(to_regclass(format('%I.%I', t.schema_name, t.table_name)));
