-- What this transaction wrote, nobody is told of; from its commit on, this is another history.
delete from rowcast.change_0 where xid = pg_current_xact_id();
delete from rowcast.change_1 where xid = pg_current_xact_id();
delete from rowcast.change_2 where xid = pg_current_xact_id();
delete from rowcast.change_3 where xid = pg_current_xact_id();
update rowcast.history set id = gen_random_uuid();
