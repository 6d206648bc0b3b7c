-- The snapshot of this transaction, and the same settings as the capture function has.
select pg_current_snapshot()::text
from (
    select
        set_config('search_path', 'pg_catalog, pg_temp', true),
        set_config('timezone', 'UTC', true),
        set_config('datestyle', 'ISO, YMD', true),
        set_config('intervalstyle', 'postgres', true),
        set_config('extra_float_digits', '1', true),
        set_config('bytea_output', 'hex', true)
    offset 0
) pinned
