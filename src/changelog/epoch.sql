-- The database's oid tells apart a copy made with `create database … template`.
select
    (select id::text from rowcast.history),
    (select oid::text from pg_database where datname = current_database()),
    lineage.cluster,
    lineage.timeline
from rowcast.lineage()
