-- The parts of the changelog with their sizes, how far back it reaches, and whether changes are added at all.
select
    p.number::integer as number,
    pg_total_relation_size(p.name) as bytes,
    s.last_value < 4611686018427387904 and p.number = (s.last_value >> 40 & 3) as current,
    s.last_value >= 4611686018427387904 as paused,
    (extract(epoch from h.rotated) * 1000)::bigint as rotated,
    (
        select (extract(epoch from min(m.at)) * 1000)::bigint
        from rowcast.mark m
        where not rowcast.is_later(h.horizon, m.position)
    ) as horizon
from (values
    (0, 'rowcast.change_0'::regclass), (1, 'rowcast.change_1'), (2, 'rowcast.change_2'), (3, 'rowcast.change_3')
) p (number, name)
cross join rowcast.change_seq s
cross join rowcast.history h
order by p.number
