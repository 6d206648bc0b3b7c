-- Steps that no rule allows. Written out here once more, apart from the program.
select s.order_id, before.state as before, s.state
from public.order_steps as s
left join public.order_steps as before on before.order_id = s.order_id and before.version = s.version - 1
where (coalesce(before.state, ''), s.state) not in (
    ('', 'placed'),
    ('placed', 'paid'),
    ('paid', 'picked'),
    ('picked', 'packed'),
    ('packed', 'shipped'),
    ('shipped', 'delivered'),
    ('placed', 'cancelled'),
    ('paid', 'cancelled'),
    ('picked', 'cancelled'),
    ('packed', 'cancelled'),
    ('shipped', 'returned'),
    ('delivered', 'returned')
)
