//! Whom an event of an order concerns, and what they are told, in the transaction that records it.
//!
//! | event | who is told |
//! |---|---|
//! | placed | all who work here; the customer, if somebody else placed it for them |
//! | every later step | the customer |
//! | cancelled by the customer | all who work here |
//!
//! Never whoever did it, and nobody who is disabled.

use super::{event::OrderEvent, failure::Failure, order::Order, state::State};
use crate::changelog::statement;
use sqlx::PgConnection;

/// Whom to tell, besides whoever did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Audience {
    staff: bool,
    customer: Option<i64>,
}

/// When somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    /// So many seconds ago.
    pub(super) age: i64,
    /// Whether they have read it since.
    pub(super) is_read: bool,
}

impl When {
    /// Now, and they have not.
    pub(super) const NOW: Self = Self { age: 0, is_read: false };
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    title: String,
    body: String,
}

/// Tells whom it concerns that `event` has made an order what it is now. `actor`: the account that did it.
pub(super) async fn notify(
    connection: &mut PgConnection,
    id: i64,
    order: &Order,
    event: &OrderEvent,
    actor: Option<i64>,
    when: When,
) -> Result<(), Failure> {
    let Audience { staff, customer } = audience(event.state(), order.customer, actor);
    if !staff && customer.is_none() {
        return Ok(());
    }
    let (own, other) = (to_customer(id, order, event), to_staff(id, order, event));
    statement::query(include_str!("sql/notify.sql"))
        .bind(actor)
        .bind(customer)
        .bind(staff)
        .bind(format!("order_{}", event.state()))
        .bind(own.title)
        .bind(own.body)
        .bind(other.title)
        .bind(other.body)
        .bind(format!("/orders/{id}"))
        .bind(when.age)
        .bind(when.is_read)
        .execute(connection)
        .await?;
    Ok(())
}

fn audience(state: State, customer: Option<i64>, actor: Option<i64>) -> Audience {
    let by_customer = customer.is_some() && customer == actor;
    let staff = match state {
        State::Placed => true,
        State::Cancelled => by_customer,
        _ => false,
    };
    Audience { staff, customer: customer.filter(|_| !by_customer) }
}

fn to_customer(id: i64, order: &Order, event: &OrderEvent) -> Told {
    let what = match event.state() {
        State::Placed => "was placed for you",
        State::Paid => "is paid",
        State::Picked => "is being picked",
        State::Packed => "is packed",
        State::Shipped => "is on its way",
        State::Delivered => "was delivered",
        State::Cancelled => "was cancelled",
        State::Returned => "was returned",
    };
    let said = event.said();
    let body = if said.is_empty() { summary(order) } else { said };
    Told { title: format!("Your order {id} {what}"), body }
}

fn to_staff(id: i64, order: &Order, event: &OrderEvent) -> Told {
    let customer = &order.customer_name;
    let title = match event.state() {
        State::Placed => format!("New order {id} from {customer}"),
        _ => format!("{customer} cancelled order {id}"),
    };
    let said = event.said();
    let body = if said.is_empty() { summary(order) } else { format!("{}\n{said}", summary(order)) };
    Told { title, body }
}

/// `3 pieces on 2 lines, €25.99`.
fn summary(order: &Order) -> String {
    let count = |number: i64, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let lines = i64::try_from(order.lines.len()).unwrap_or(i64::MAX);
    let total = order.total().map(|total| format!(", €{total}")).unwrap_or_default();
    format!("{} on {}{total}", count(order.pieces(), "piece", "pieces"), count(lines, "line", "lines"))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{event::Line, step::Step, validate::ValidDetails},
        *,
    };
    use crate::app::inventory::Price;

    #[test]
    fn an_order_concerns_those_who_work_here_and_its_steps_the_customer_unless_they_did_it() {
        let (cleo, sam) = (Some(5), Some(7));
        let of = |state, customer, actor| {
            let Audience { staff, customer } = audience(state, customer, actor);
            (staff, customer)
        };
        assert_eq!(of(State::Placed, cleo, cleo), (true, None));
        assert_eq!(of(State::Placed, cleo, sam), (true, cleo), "placed for them");
        assert_eq!(of(State::Placed, None, None), (true, None), "by a script, for somebody without an account");
        assert_eq!(of(State::Cancelled, cleo, cleo), (true, None));
        assert_eq!(of(State::Cancelled, cleo, sam), (false, cleo));
        assert_eq!(of(State::Cancelled, None, None), (false, None), "nobody did not cancel nobody's order");
        for step in Step::ALL.into_iter().filter(|step| *step != Step::Cancel) {
            assert_eq!(of(step.target(), cleo, sam), (false, cleo));
            assert_eq!(of(step.target(), cleo, None), (false, cleo), "by a script");
            assert_eq!(of(step.target(), cleo, cleo), (false, None));
        }
    }

    #[test]
    fn people_are_told_what_became_of_which_order() {
        let line = Line { product_id: 1, sku: String::new(), name: String::new(), quantity: 3, price: Price(50_000) };
        let order = Order { customer_name: "Cleo".to_owned(), lines: vec![line], ..Order::default() };
        let details = ValidDetails { note: "No longer needed".to_owned(), ..ValidDetails::default() };
        let cancelled = OrderEvent::of_step(Step::Cancel, Some(5), details, Vec::new());
        let told = to_staff(1_042, &order, &cancelled);
        assert_eq!(told.title, "Cleo cancelled order 1042");
        assert_eq!(told.body, "3 pieces on 1 line, €1,500.00\nNo longer needed");
        let paid = OrderEvent::of_step(Step::Pay, Some(5), ValidDetails::default(), Vec::new());
        let told = to_customer(1_042, &order, &paid);
        assert_eq!((&*told.title, &*told.body), ("Your order 1042 is paid", "3 pieces on 1 line, €1,500.00"));
    }
}
