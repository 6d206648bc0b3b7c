-- Who may be in which rooms. Nothing is allowed that no row here allows.

create table rowcast.room (
    pattern text not null,
    role text not null,
    may_publish boolean not null default false,
    history jsonb,
    at timestamptz not null default now(),
    constraint room_pkey primary key (pattern, role),
    constraint room_pattern_is_one check (
        octet_length(pattern) between 1 and 100 and replace(pattern, '$user.id', '') ~ '^[A-Za-z0-9_.:/-]*[*]?$'
    ),
    constraint room_role_is_one check (role in ('anonymous', 'customer', 'staff', 'admin')),
    constraint room_history_is_a_question check (
        jsonb_typeof(history) = 'object' and jsonb_typeof(history -> 'table') = 'string'
            and jsonb_typeof(history -> 'where') = 'string'
    )
);
comment on table rowcast.room is 'Who may join which rooms, and publish there. Followed live: who loses a right is out of the room at once.';
comment on column rowcast.room.pattern is 'A room''s name, in which $user.id is the id of whoever asks and a * at the end stands for anything. direct:ID, or direct:*, lets publish to persons instead.';
comment on column rowcast.room.role is 'For whom.';
comment on column rowcast.room.may_publish is 'Whether they may also say something there.';
comment on column rowcast.room.history is 'Where to read what was said before: table, where (with $room), and perhaps order and limit, as in a subscription. Policies decide which of the rows are shown.';

create function rowcast.room_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform rowcast.record(-2, 'I', null, '{}');
    return null;
end
$$;
comment on function rowcast.room_changed() is 'Tells all servers, in commit order, that the rules of rooms are others: change of table -2.';
create trigger room_changed after insert or update or delete or truncate on rowcast.room
    for each statement execute function rowcast.room_changed();
