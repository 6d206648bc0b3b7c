-- Orders: what the read models of the ledger's streams `order-<id>` are kept in, whom to tell, and which requests were answered.
--
-- There are no foreign keys between them: each read model is kept, checked and rebuilt by itself, and what is in one follows
-- from the same events as what is in the others.

create sequence public.order_number as bigint start with 1001;
comment on sequence public.order_number is 'Numbers of orders. There may be gaps.';
-- Of orders that the ledger has already, if these tables are made anew beside it.
select setval('public.order_number', max(substr(stream, 7)::bigint))
from rowcast.stream
where stream ~ '^order-[1-9][0-9]{3,17}$'
having max(substr(stream, 7)::bigint) > 1000;

create table public.orders (
    id bigint not null
        constraint orders_pkey primary key,
    customer bigint,
    customer_name text not null,
    state text not null
        constraint orders_state check (state in ('placed', 'paid', 'picked', 'packed', 'shipped', 'delivered', 'cancelled', 'returned')),
    version bigint not null,
    lines integer not null,
    pieces integer not null,
    total numeric(12, 2) not null,
    note text not null,
    placed_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null
);
create index orders_customer on public.orders (customer, id);
create index orders_state_id on public.orders (state, id);
comment on table public.orders is 'Orders as they are now.';
comment on column public.orders.customer is 'The account whose order it is; null for those without one.';
comment on column public.orders.version is 'How many events the order has.';
comment on column public.orders.total is 'In euros.';
comment on column public.orders.note is 'From the customer.';
comment on column public.orders.changed_by is 'Who did the last step, by name.';

create table public.order_lines (
    order_id bigint not null,
    line smallint not null,
    product_id bigint not null,
    sku text not null,
    name text not null,
    quantity integer not null,
    price numeric(12, 2) not null,
    customer bigint,
    constraint order_lines_pkey primary key (order_id, line)
);
create index order_lines_product on public.order_lines (product_id);
comment on table public.order_lines is 'What was ordered: products as they were then.';
comment on column public.order_lines.price is 'Of one piece, in euros, when it was ordered.';
comment on column public.order_lines.customer is 'The account whose order it is.';

create table public.order_steps (
    order_id bigint not null,
    version bigint not null,
    state text not null,
    at timestamptz not null,
    who text,
    who_name text not null,
    note text not null,
    customer bigint,
    constraint order_steps_pkey primary key (order_id, version)
);
comment on table public.order_steps is 'What has become of each order, when, and by whom.';
comment on column public.order_steps.who is 'An account, or token: and its number; null for the system.';
comment on column public.order_steps.note is 'What was said with it: a note, a reason, a parcel''s number.';
comment on column public.order_steps.customer is 'The account whose order it is.';

create table public.notifications (
    id bigint generated always as identity
        constraint notifications_pkey primary key,
    account bigint not null,
    kind text not null,
    title text not null,
    body text not null,
    link text not null,
    at timestamptz not null default now(),
    read_at timestamptz
);
create index notifications_account on public.notifications (account, id);
comment on table public.notifications is 'What people are told: written with what it is about, in one transaction.';
comment on column public.notifications.account is 'Whom.';
comment on column public.notifications.kind is 'order_ and the state that an order has reached.';
comment on column public.notifications.link is 'Where it leads: an address of this site.';

create table public.order_requests (
    principal text not null,
    key text not null,
    request bytea not null,
    answer jsonb,
    at timestamptz not null default now(),
    constraint order_requests_pkey primary key (principal, key)
);
create index order_requests_at on public.order_requests (at);
comment on table public.order_requests is 'Requests that were carried out under an idempotency key, with their answers. Kept for a day.';
comment on column public.order_requests.request is 'SHA-256 of what was asked.';
