-- $1: whose, $2: free attempts, $3: first wait, $4: longest wait, in seconds.
select ceil(extract(epoch from
    last + make_interval(secs => least($3 * power(2, least(failures - $2, 30)), $4)) - clock_timestamp()
))::integer
from rowcast.attempt
where whose = $1
