-- What the dashboard adds up and by what: columns that follow from others, so that totals of them are as live as any. Whole minutes,
-- hours and days are those of UTC. Tables of a demo that was made before are given them once.
do $$
begin
    if not exists (select from pg_attribute where attrelid = 'public.products'::regclass and attname = 'value' and not attisdropped) then
        alter table public.products
            add column value numeric(20, 2) generated always as (quantity * price) stored;
        comment on column public.products.value is 'What the pieces in stock are worth, in euros.';
    end if;
    if not exists (select from pg_attribute where attrelid = 'public.orders'::regclass and attname = 'placed_minute' and not attisdropped) then
        alter table public.orders
            add column placed_minute timestamp generated always as (date_trunc('minute', placed_at at time zone 'UTC')) stored,
            add column placed_hour timestamp generated always as (date_trunc('hour', placed_at at time zone 'UTC')) stored,
            add column placed_day timestamp generated always as (date_trunc('day', placed_at at time zone 'UTC')) stored;
        comment on column public.orders.placed_minute is 'The minute in which it was placed, in UTC.';
        comment on column public.orders.placed_hour is 'The hour in which it was placed, in UTC.';
        comment on column public.orders.placed_day is 'The day on which it was placed, in UTC.';
    end if;
end
$$;
