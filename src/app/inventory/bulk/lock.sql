-- Locks these products, in the order in which everybody does.
select row_to_json(p)::text from public.products p where id = any($1) order by id for update
