-- The inventory of the demo: one plain table, as anybody might have one.
-- Nothing in it knows of Rowcast.

create table public.products (
    id bigint generated always as identity
        constraint products_pkey primary key,
    sku text not null
        constraint products_sku_key unique
        constraint products_sku_length check (char_length(sku) between 1 and 40),
    name text not null
        constraint products_name_length check (char_length(name) between 1 and 200),
    category text not null
        constraint products_category_length check (char_length(category) between 1 and 60),
    location text not null
        constraint products_location_length check (char_length(location) between 1 and 40),
    quantity integer not null
        constraint products_quantity_range check (quantity between 0 and 1000000),
    reorder_level integer not null
        constraint products_reorder_level_range check (reorder_level between 0 and 1000000),
    -- An upper bound too, because NaN is greater than every number.
    price numeric(12, 2) not null
        constraint products_price_range check (price between 0 and 9999999999.99),
    updated_at timestamptz not null default now()
        constraint products_updated_at_finite check (isfinite(updated_at))
);

comment on table public.products is 'What is in stock, and where.';
comment on column public.products.sku is 'Stock-keeping unit: what is printed on the shelf and on the box.';
comment on column public.products.location is 'Aisle, bay and shelf, such as B-07-3.';
comment on column public.products.quantity is 'Pieces in stock.';
comment on column public.products.reorder_level is 'At or below this many pieces, more should be ordered.';
comment on column public.products.price is 'Price of one piece, in euros.';
comment on column public.products.updated_at is 'When the row last changed; set by a trigger.';

create function public.products_touch() returns trigger
    language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;

comment on function public.products_touch is 'Notes when a product changed.';

create trigger products_touch
    before update on public.products
    for each row
    when (old.* is distinct from new.*)
    execute function public.products_touch();
