-- $1: the projection, $2: its table, $3: its version, $4: the position that its rows are of, $5: whether it follows from now on, $6: how
-- many events were replayed.
update rowcast.projection
set table_name = $2, version = $3, state = 'live', position = case when $5 or position is not null then $4::text end,
    done = $6, total = $6, stream = null, stream_version = null, problem = null, rebuild = null, at = now()
where name = $1
