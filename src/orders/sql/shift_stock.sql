-- Pieces of products that are locked: fewer if negative.
update public.products as product
set quantity = product.quantity + moved.pieces
from unnest($1::bigint[], $2::integer[]) as moved (id, pieces)
where product.id = moved.id
