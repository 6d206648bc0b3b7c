-- What the dashboard adds up and by what: columns that follow from others, so that totals of them are as live as any. Whole minutes,
-- hours and days are those of UTC.

set local lock_timeout = '5s';

alter table public.products
    add column value numeric(20, 2) generated always as (quantity * price) stored;
comment on column public.products.value is 'What the pieces in stock are worth, in euros.';

alter table public.orders
    add column placed_minute timestamp generated always as (date_trunc('minute', placed_at at time zone 'UTC')) stored,
    add column placed_hour timestamp generated always as (date_trunc('hour', placed_at at time zone 'UTC')) stored,
    add column placed_day timestamp generated always as (date_trunc('day', placed_at at time zone 'UTC')) stored;
comment on column public.orders.placed_minute is 'The minute in which it was placed, in UTC.';
comment on column public.orders.placed_hour is 'The hour in which it was placed, in UTC.';
comment on column public.orders.placed_day is 'The day on which it was placed, in UTC.';

create index orders_placed_at on public.orders (placed_at);
create index order_steps_at on public.order_steps (at);
