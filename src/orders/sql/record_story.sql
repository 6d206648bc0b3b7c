-- Events of many streams, each with a time of its own: $1: their schema version, $2: streams, $3: types, $4: data, $5: who,
-- $6: their names, $7: causes, $8: correlations, $9: how many seconds ago. In the order in which they happened.
with given as (
    select
        one.*,
        row_number() over (partition by one.stream order by one.place) as number,
        count(*) over (partition by one.stream) as numbers
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
        with ordinality as one (stream, type, data, who, who_name, cause, correlation, age, place)
), head as (
    insert into rowcast.stream as known (stream, version)
    select stream, count(*)
    from given
    group by stream
    order by stream
    on conflict (stream) do update set version = known.version + excluded.version, at = clock_timestamp()
    returning known.stream, known.version
)
insert into rowcast.event (stream, version, type, schema, data, who, who_name, cause, correlation, at)
select
    given.stream,
    head.version - given.numbers + given.number,
    given.type,
    $1,
    given.data::jsonb,
    given.who,
    given.who_name,
    given.cause,
    given.correlation,
    now() - make_interval(secs => given.age)
from given
join head on head.stream = given.stream
order by given.place
