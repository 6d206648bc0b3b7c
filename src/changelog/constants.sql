-- The settings under which rows are written: constants are read and written under the same.
select 1
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
