-- $1: the number; $2: the oid of the table, whose triggers name the number already.
insert into rowcast.tracked (id, relid, schema_name, table_name, key, columns, partitioned, partitions, files)
overriding system value
select $1, s.relid, s.schema_name, s.table_name, s.key, s.columns, s.partitioned, s.partitions, s.files
from rowcast.shape_of($1, $2) s
