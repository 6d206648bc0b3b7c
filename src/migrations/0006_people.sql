-- People: their accounts, where they are signed in, what scripts and services show instead, and who tries too often.
--
-- Nothing here is a secret that somebody could use: passwords are argon2id, everything else that is shown to be
-- recognised is stored as its SHA-256.

create table rowcast.account (
    id bigint not null generated always as identity,
    email text not null,
    name text not null,
    role text not null,
    password_hash text not null,
    disabled boolean not null default false,
    addresses text[] not null default '{}',
    created_at timestamptz not null default now(),
    constraint account_pkey primary key (id),
    constraint account_email_length check (char_length(email) between 3 and 254),
    constraint account_name_length check (char_length(name) between 1 and 100),
    constraint account_role check (role in ('customer', 'staff', 'admin'))
);
create unique index account_email_key on rowcast.account (lower(email collate "C"));
comment on table rowcast.account is 'People who may sign in.';
comment on column rowcast.account.email is 'As it was typed; upper and lower case are the same address.';
comment on column rowcast.account.password_hash is 'argon2id, with its salt and parameters.';
comment on column rowcast.account.disabled is 'May not sign in; whoever is signed in is signed out.';
comment on column rowcast.account.addresses is 'From where the person last signed in: what strangers try elsewhere does not keep them out here.';

create table rowcast.login (
    id bigint not null generated always as identity,
    token bytea not null,
    account bigint not null,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    address text,
    agent text,
    constraint login_pkey primary key (id),
    constraint login_token_key unique (token),
    constraint login_account_fkey foreign key (account) references rowcast.account (id) on delete cascade
);
create index login_account on rowcast.login (account);
comment on table rowcast.login is 'One row for each browser that somebody is signed in with.';
comment on column rowcast.login.token is 'SHA-256 of what the cookie holds.';
comment on column rowcast.login.seen_at is 'When it was last used, give or take an hour.';

create table rowcast.token (
    id bigint not null generated always as identity,
    token bytea not null,
    name text not null,
    role text not null,
    tables text[],
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used timestamptz,
    constraint token_pkey primary key (id),
    constraint token_token_key unique (token),
    constraint token_name_length check (char_length(name) <= 100),
    constraint token_role check (role in ('customer', 'staff', 'admin'))
);
comment on table rowcast.token is 'What scripts and services show instead of signing in.';
comment on column rowcast.token.token is 'SHA-256 of the token.';
comment on column rowcast.token.tables is 'Only these tables (schema.table), whatever the role may see; null for all that it may.';
comment on column rowcast.token.expires_at is 'Null: never.';
comment on column rowcast.token.last_used is 'Give or take an hour.';

create table rowcast.ticket (
    ticket bytea not null,
    login bigint,
    token bigint,
    expires_at timestamptz not null,
    constraint ticket_pkey primary key (ticket),
    constraint ticket_of_one check (num_nonnulls(login, token) = 1),
    constraint ticket_login_fkey foreign key (login) references rowcast.login (id) on delete cascade,
    constraint ticket_token_fkey foreign key (token) references rowcast.token (id) on delete cascade
);
create index ticket_login on rowcast.ticket (login);
create index ticket_token on rowcast.ticket (token);
comment on table rowcast.ticket is 'For the handshake of clients that can send neither a cookie nor a header: good once, and for seconds.';
comment on column rowcast.ticket.ticket is 'SHA-256 of the ticket.';

-- Unlogged: after a crash everybody may try again.
create unlogged table rowcast.attempt (
    whose text not null,
    failures integer not null,
    last timestamptz not null,
    constraint attempt_pkey primary key (whose)
);
comment on table rowcast.attempt is 'Who has tried to sign in lately, and how often in vain.';
comment on column rowcast.attempt.whose is 'An address, an account (SHA-256 of its e-mail address, whether it exists or not), or one from the other.';

-- Servers learn of all that ends or changes a session from the changelog, in commit order, as table -1.

create function rowcast.tell_of_account() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    ends constant boolean := tg_op = 'DELETE' or (new.disabled and not old.disabled);
begin
    if ends then
        perform rowcast.record(-1, 'I', null, json_build_object('account', old.id, 'ends', true)::text);
    elsif (new.role, new.name) is distinct from (old.role, old.name) then
        perform rowcast.record(-1, 'I', null, json_build_object('account', old.id)::text);
    end if;
    -- Where somebody is signed in ends with the password that they signed in with, except where it is being changed.
    if tg_op = 'UPDATE' and (new.disabled or new.password_hash <> old.password_hash) then
        delete from rowcast.login
        where account = old.id
            and (new.disabled or id is distinct from nullif(current_setting('rowcast.login', true), '')::bigint);
    end if;
    return null;
end
$$;
comment on function rowcast.tell_of_account() is 'Tells servers that somebody is no longer who they were, and signs out those who must be.';
create trigger tell after update or delete on rowcast.account
    for each row execute function rowcast.tell_of_account();

create function rowcast.tell_of_login() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform rowcast.record(-1, 'I', null, json_build_object('login', old.id, 'ends', true)::text);
    return null;
end
$$;
comment on function rowcast.tell_of_login() is 'Tells servers that somebody has signed out.';
create trigger tell after delete on rowcast.login
    for each row execute function rowcast.tell_of_login();

create function rowcast.tell_of_token() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform rowcast.record(-1, 'I', null, json_build_object('token', old.id, 'ends', true)::text);
    return null;
end
$$;
comment on function rowcast.tell_of_token() is 'Tells servers that a token is no longer what it was.';
create trigger tell_of_end after delete on rowcast.token
    for each row execute function rowcast.tell_of_token();
create trigger tell_of_change after update on rowcast.token
    for each row
    when ((new.revoked_at, new.role, new.tables, new.token) is distinct from (old.revoked_at, old.role, old.tables, old.token))
    execute function rowcast.tell_of_token();

create function rowcast.tell_of_all() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_table_name = 'login' then
        perform rowcast.record(-1, 'I', null, json_build_object('login', id, 'ends', true)::text) from rowcast.login;
    else
        perform rowcast.record(-1, 'I', null, json_build_object('token', id, 'ends', true)::text) from rowcast.token;
    end if;
    return null;
end
$$;
comment on function rowcast.tell_of_all() is 'Before a truncate: tells servers that all of them end.';
create trigger tell_of_all before truncate on rowcast.login
    for each statement execute function rowcast.tell_of_all();
create trigger tell_of_all before truncate on rowcast.token
    for each statement execute function rowcast.tell_of_all();
