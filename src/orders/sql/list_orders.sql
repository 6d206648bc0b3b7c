-- $1: whether all orders may be seen, $2: whose otherwise, $3: a state, $4: older than this one, $5: how many.
with page as (
    select row_to_json(listed.*) as told, listed.id, row_number() over (order by listed.id desc) as place
    from (
        select *
        from public.orders
        where ($1 or customer = $2)
            and ($3::text is null or state = $3)
            and ($4::bigint is null or id < $4)
        order by id desc
        limit $5 + 1
    ) as listed
)
select json_build_object(
    'orders', coalesce(json_agg(told order by id desc) filter (where place <= $5), '[]'),
    'next', case when count(*) > $5 then min(id) filter (where place <= $5) end
)::text
from page
