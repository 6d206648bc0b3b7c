-- $1: the stream, $2: the version at which it must be, or null, $3: types, $4: schemas, $5: data, $6: who, $7: their name,
-- $8: cause, $9: correlation.
-- The head's row is locked also if it is not where it should be. A stream is never removed, so one that is seen is there.
with head as (
    insert into rowcast.stream as s (stream, version)
    select $1::text, cardinality($3::text[])
    where coalesce($2::bigint, 0) = 0 or exists (select from rowcast.stream o where o.stream = $1)
    on conflict (stream) do update set version = s.version + excluded.version, at = clock_timestamp()
    where $2::bigint is null or s.version = $2
    returning s.version
)
insert into rowcast.event (stream, version, type, schema, data, who, who_name, cause, correlation)
select $1, head.version - cardinality($3) + n.place, n.type, n.schema, n.data::jsonb, $6, $7, $8, $9
from head
cross join unnest($3, $4::smallint[], $5::text[]) with ordinality as n (type, schema, data, place)
order by n.place
returning seq, stream, version, type, schema, data::text, who, who_name, cause, correlation, rowcast.time_text(at) as at
