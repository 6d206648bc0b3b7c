-- $1: a table, $2: columns that it should have. Whether it is there, and the first column that it does not have.
select
    to_regclass($1) is not null as is_there,
    (
        select wanted.name
        from unnest($2::text[]) with ordinality as wanted (name, place)
        where not exists (
            select from pg_attribute
            where attrelid = to_regclass($1)
                and attname = wanted.name
                and attnum > 0
                and not attisdropped
        )
        order by wanted.place
        limit 1
    ) as missing
