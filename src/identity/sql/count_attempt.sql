-- $1: whose, $2: forget after, $3: free attempts, $4: first wait, $5: longest wait, in seconds.
-- No row: it must wait, and is not counted.
insert into rowcast.attempt as a (whose, failures, last)
values ($1, 1, clock_timestamp())
on conflict (whose) do update
set failures = case when a.last < clock_timestamp() - make_interval(secs => $2) then 1 else a.failures + 1 end,
    last = clock_timestamp()
where a.failures < $3
    or a.last + make_interval(secs => least($4 * power(2, least(a.failures - $3, 30)), $5)) <= clock_timestamp()
returning failures
