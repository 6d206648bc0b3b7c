-- Adds a rule, or replaces that of the same pattern and role.
insert into rowcast.room (pattern, role, may_publish, history)
values ($1, $2, $3, $4::text::jsonb)
on conflict (pattern, role) do update
set may_publish = excluded.may_publish, history = excluded.history, at = now()
