-- $1: products, $2: the correlation of an import that moved pieces of them. Those of which somebody has said later how many there are.
select c.id
from unnest($1::bigint[]) as c (id)
where exists (
    select from rowcast.event e
    where e.stream = 'product-' || c.id
        and (e.type = 'QuantitySet' or e.type = 'StockAdjusted' and e.data->>'reason' in ('counted', 'imported'))
        and e.version > (select max(i.version) from rowcast.event i where i.stream = e.stream and i.correlation = $2)
)
