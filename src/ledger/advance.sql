-- $1: the projection, $2: the position that its rows are of now, $3: how many events were taken, $4: whether there may be more, $5: the
-- last of them by seq, or null.
-- While it is rebuilt, that is what its state tells. How much is left is about as many as there are numbers.
update rowcast.projection
set position = $2,
    done = case when state = 'rebuilding' then done when $4 and state = 'behind' then done + $3 else $3 end,
    total = case
        when state = 'rebuilding' then total
        when $4 then case when state = 'behind' then done else 0 end + $3
            + (select coalesce(max(seq), 0) from rowcast.event) - coalesce($5::bigint, 0)
        else $3
    end,
    state = case when state = 'rebuilding' then state when $4 then 'behind' else 'live' end,
    stream = null, stream_version = null, problem = null, at = now()
where name = $1
