-- $1: the stream, $2: the fold, $3: its version, $4: the stream's version, $5: the state then.
-- Whoever else keeps the same at this moment is not waited for: it is as good.
with free as materialized (
    select pg_try_advisory_xact_lock(hashtextextended(format('%s %s', $2::text, $1::text), 1919907683)) as is_ours
), outdated as (
    delete from rowcast.stream_snapshot using free
    where free.is_ours and stream = $1 and fold = $2 and fold_version < $3
)
insert into rowcast.stream_snapshot (stream, fold, fold_version, version, state)
select $1, $2, $3, $4, $5::json
from free
where is_ours
on conflict do nothing
