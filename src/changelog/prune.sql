-- $1: most rows to remove.
delete from rowcast.change
where ctid = any (array(
    select ctid from rowcast.change where xid < (select horizon from rowcast.history) limit $1
))
