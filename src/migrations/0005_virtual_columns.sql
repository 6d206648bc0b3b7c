-- Virtual generated columns (Postgres 18): triggers see null for them, whatever the row shows to who reads it. A table that has
-- one cannot be shown.

create or replace function rowcast.columns_of(relation oid) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(jsonb_agg(
        jsonb_build_object('name', a.attname::text, 'type', format_type(a.atttypid, a.atttypmod))
            || case when rowcast.plain_kind_of(a.atttypid) is null then rowcast.kind_of(a.atttypid)
                else jsonb_build_object('kind', rowcast.plain_kind_of(a.atttypid)) end
            || case when a.attgenerated = 'v' then '{"virtual": true}'::jsonb else '{}' end
        order by a.attnum
    ), '[]')
    from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped;
end
$$;

create or replace function rowcast.key_of(relation oid) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce((
        select array_agg(a.attname::text order by k.position)
        from pg_index i
        cross join unnest(i.indkey::int2[]) with ordinality as k (number, position)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = relation and i.indisprimary and k.position <= i.indnkeyatts
            and not exists (
                select from pg_attribute v where v.attrelid = relation and not v.attisdropped and v.attgenerated = 'v'
            )
    ), '{}');
end
$$;
comment on function rowcast.key_of(oid) is 'The columns of the primary key of a table, in its order. None if the table cannot be shown.';
comment on column rowcast.tracked.key is 'Columns of the primary key, in its order. None: it lost its primary key or got a virtual column, and cannot be shown.';
