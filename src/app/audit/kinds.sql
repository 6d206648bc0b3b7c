-- From one type to the next, at most a hundred.
with recursive kinds (kind, number) as (
    (select type, 1 from rowcast.event order by type limit 1)
    union all
    select (select e.type from rowcast.event e where e.type > k.kind order by e.type limit 1), k.number + 1
    from kinds k
    where k.kind is not null and k.number < 100
)
select kind from kinds where kind is not null
