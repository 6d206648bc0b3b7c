-- What became of the pieces of each product, and why: made from the events of the ledger's streams `product-<id>`.
create table public.stock_movements (
    product_id bigint not null,
    version bigint not null,
    at timestamptz not null,
    who text,
    who_name text not null,
    kind text not null,
    change integer not null,
    left_over integer,
    order_id bigint,
    note text not null,
    constraint stock_movements_pkey primary key (product_id, version)
);
comment on table public.stock_movements is 'What became of the pieces of each product, and why. Made from events; whatever is written here directly is undone when it is rebuilt.';
comment on column public.stock_movements.version is 'The number of the event in the product''s stream.';
comment on column public.stock_movements.who is 'An account, or token: and its number; null for the system.';
comment on column public.stock_movements.kind is 'added, restored, deleted, set, received, given_back, sold, lost, counted, corrected, imported, ordered or order_ended.';
comment on column public.stock_movements.change is 'How many pieces more, or fewer if it is negative.';
comment on column public.stock_movements.left_over is 'How many there were then; null where the event does not tell.';
comment on column public.stock_movements.order_id is 'The order for which pieces were set aside, or came back.';
