-- $1: for how many seconds a part is used, $2: how many bytes it may have, or null.
-- Goes on with the next part that is empty: one in which a transaction left open holds a row is passed over.
with place as (
    -- From 2^62 on it is paused.
    select last_value >> 40 as generation from rowcast.change_seq where last_value < 4611686018427387904
), part (number, bytes, filled) as (
    select p.number, pg_total_relation_size(p.name), pg_relation_size(p.name) > 0
    from (values
        (0, 'rowcast.change_0'::regclass), (1, 'rowcast.change_1'), (2, 'rowcast.change_2'), (3, 'rowcast.change_3')
    ) p (number, name)
), due as (
    select place.generation
    from place
    join part on part.number = place.generation & 3
    cross join rowcast.history
    where part.filled and (history.rotated <= now() - make_interval(secs => $1) or part.bytes > $2)
), moved as (
    select setval('rowcast.change_seq', (due.generation + step) << 40, false)
    from due
    cross join generate_series(1, 3) step
    join part on part.number = (due.generation + step) & 3
    where not part.filled
    order by step
    limit 1
)
update rowcast.history set rotated = now() from moved
