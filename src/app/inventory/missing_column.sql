-- The first of the wanted columns that public.products does not have.
select wanted.name
from unnest($1::text[]) with ordinality as wanted (name, place)
where not exists (
    select from pg_attribute
    where attrelid = to_regclass('public.products')
      and attname = wanted.name
      and attnum > 0
      and not attisdropped
)
order by wanted.place
limit 1
