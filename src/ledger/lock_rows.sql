-- $1: the projection, $2: keys of rows.
-- First the projection, against being replaced; then the rows, in one order for everybody.
select pg_advisory_xact_lock_shared(1919907684, hashtext($1)), (
    select count(pg_advisory_xact_lock(k.number))
    from (
        select distinct hashtextextended($1 || ' ' || key, 1919907684) as number from unnest($2::text[]) key order by 1
    ) k
)
