-- $1: accounts, $2: a title for each, $3: the rest, $4: of which kind, $5: where it leads, $6: how many seconds ago, $7: whether they
-- have read it.
insert into public.notifications (account, kind, title, body, link, at, read_at)
select
    told.account,
    $4,
    told.title,
    told.body,
    $5,
    now() - make_interval(secs => $6::bigint),
    case when $7 then now() end
from unnest($1::bigint[], $2::text[], $3::text[]) with ordinality as told (account, title, body, place)
order by told.place
