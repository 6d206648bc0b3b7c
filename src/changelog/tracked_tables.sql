-- $1: only the table of this full name, or null.
select id, schema_name, table_name, key, since::text, columns::text, partitioned, policies::text
from rowcast.tracked
where $1::text is null or schema_name || '.' || table_name = $1
