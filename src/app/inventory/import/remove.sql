-- $1: products.
delete from public.products where id = any($1)
