-- $1: the stream of each event, $2: types, $3: schemas, $4: data, $5: who, $6: their name, $7: cause, $8: correlation.
-- Heads are locked in the order of their names, so that two who append to the same streams do not wait for each other.
with new as materialized (
    select n.*, row_number() over (partition by n.stream order by n.place) as number
    from unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) with ordinality as n (stream, type, schema, data, place)
), head as (
    insert into rowcast.stream as s (stream, version)
    select stream, count(*) from new group by stream order by stream
    on conflict (stream) do update set version = s.version + excluded.version, at = clock_timestamp()
    returning s.stream, s.version
), counted as (
    select stream, count(*) as events from new group by stream
)
insert into rowcast.event (stream, version, type, schema, data, who, who_name, cause, correlation)
select new.stream, head.version - counted.events + new.number, new.type, new.schema, new.data::jsonb, $5, $6, $7, $8
from new
join head on head.stream = new.stream
join counted on counted.stream = new.stream
order by new.place
