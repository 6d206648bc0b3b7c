-- $1: the stream, $2: the first version, $3: the last version, or null, $4: the time until which, or null, $5: how many.
select seq, stream, version, type, schema, data::text, who, who_name, cause, correlation, rowcast.time_text(at) as at
from rowcast.event
where stream = $1
    and version >= $2
    and ($3::bigint is null or version <= $3)
    and ($4::text is null or version <= (
        select max(o.version) from rowcast.event o where o.stream = $1 and o.at <= rowcast.moment($4)
    ))
order by version
limit $5
