-- $1: whose they are.
select id, file_name, state, (extract(epoch from at) * 1000000)::bigint as at, added, changed, unchanged, left_out, kept
from public.imports
where who is not distinct from $1
order by id desc
limit 5
