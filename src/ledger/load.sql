-- $1: the stream, $2: the fold, $3: its version, $4: the last version, or null, $5: the time until which, or null.
-- Where to begin: what the stream had come to at some version that is not too late. And whether more such may be kept: only in a
-- transaction that may write, and that does not end if somebody else has just written the same.
select
    t.version as target, s.version as begun, s.state::text as state,
    current_setting('transaction_read_only') = 'off' and current_setting('transaction_isolation') = 'read committed' as may_keep
from (
    select case when $5::text is null then $4::bigint else coalesce(
        (select max(e.version) from rowcast.event e where e.stream = $1 and e.at <= rowcast.moment($5)), 0
    ) end as version
) t
left join lateral (
    select version, state
    from rowcast.stream_snapshot
    where stream = $1 and fold = $2 and fold_version = $3 and (t.version is null or version <= t.version)
    order by version desc
    limit 1
) s on true
