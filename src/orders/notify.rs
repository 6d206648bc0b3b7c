//! Whom an event of an order concerns, and what they are told, in the transaction that records it.
//!
//! | event | who is told |
//! |---|---|
//! | placed | all who work here; the customer, if somebody else placed it for them |
//! | every later step | the customer |
//! | cancelled by the customer | all who work here |
//!
//! Never whoever did it, nobody who is disabled, and nobody who does not see the order and its state by policies when it happens. What they
//! are told of it is what they see of it then.

use super::{
    event::OrderEvent,
    failure::Failure,
    order::Order,
    projections::{ORDERS, STEPS},
    state::State,
};
use crate::{changelog::statement, hub::Principal, protocol::Role, rights::Beheld};
use sqlx::{PgConnection, Row as _};

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

/// Somebody to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hearer {
    account: i64,
    is_customer: bool,
    known: Known,
}

/// What of an order somebody may know, besides its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    customer_name: bool,
    lines: bool,
    pieces: bool,
    total: bool,
    /// What was said with the event.
    said: bool,
}

impl Known {
    const ALL: Self = Self { customer_name: true, lines: true, pieces: true, total: true, said: true };
}

/// Tells whom it concerns, as far as they see it, that `event` has made an order what it is now. `actor`: the account that did it. The read
/// models follow already.
pub(super) async fn notify(
    connection: &mut PgConnection,
    id: i64,
    order: &Order,
    event: &OrderEvent,
    actor: Option<i64>,
) -> Result<(), Failure> {
    let accounts = concerned(connection, order, event, actor).await?;
    if accounts.is_empty() {
        return Ok(());
    }
    let Some(row) = Beheld::read(connection, ORDERS.0, &[("id", id)]).await? else { return Ok(()) };
    let step = Beheld::read(connection, STEPS.0, &[("order_id", id), ("version", order.version)]).await?;
    let mut hearers = Vec::new();
    for (account, role) in accounts {
        let somebody = Principal { account: Some(account), ..Principal::nobody(role) };
        let columns = row.by(connection, &somebody).await?;
        let sees = |name: &str| columns.iter().any(|column| column == name);
        if !sees("state") {
            continue;
        }
        let of_step = match &step {
            Some(step) => step.by(connection, &somebody).await?,
            None => Vec::new(),
        };
        let said =
            if event.state() == State::Placed { sees("note") } else { of_step.iter().any(|name| name == "note") };
        let (lines, pieces, total) = (sees("lines"), sees("pieces"), sees("total"));
        let known = Known { customer_name: sees("customer_name"), lines, pieces, total, said };
        hearers.push(Hearer { account, is_customer: order.customer == Some(account), known });
    }
    tell(connection, id, order, event, &hearers, When::NOW).await
}

/// Tells everybody whom it concerned of what the demo says has happened. To them, all of it will be granted.
pub(super) async fn recall(
    connection: &mut PgConnection,
    id: i64,
    order: &Order,
    event: &OrderEvent,
    actor: Option<i64>,
    when: When,
) -> Result<(), Failure> {
    let accounts = concerned(connection, order, event, actor).await?.into_iter();
    let hearer = |(account, _)| Hearer { account, is_customer: order.customer == Some(account), known: Known::ALL };
    tell(connection, id, order, event, &accounts.map(hearer).collect::<Vec<_>>(), when).await
}

/// The accounts of those whom an event concerns, with their roles.
async fn concerned(
    connection: &mut PgConnection,
    order: &Order,
    event: &OrderEvent,
    actor: Option<i64>,
) -> Result<Vec<(i64, Role)>, Failure> {
    let Audience { staff, customer } = audience(event.state(), order.customer, actor);
    if !staff && customer.is_none() {
        return Ok(Vec::new());
    }
    let accounts = statement::query(include_str!("sql/concerned.sql")).bind(actor).bind(customer).bind(staff);
    let rows = accounts.fetch_all(connection).await?;
    Ok(rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, Role::from(row.try_get::<String, _>(1)?))))
        .collect::<Result<_, sqlx::Error>>()?)
}

async fn tell(
    connection: &mut PgConnection,
    id: i64,
    order: &Order,
    event: &OrderEvent,
    hearers: &[Hearer],
    when: When,
) -> Result<(), Failure> {
    if hearers.is_empty() {
        return Ok(());
    }
    let words = |hearer: &Hearer| {
        let said = if hearer.is_customer { to_customer } else { to_staff };
        said(id, order, event, hearer.known)
    };
    let told: Vec<Told> = hearers.iter().map(words).collect();
    statement::query(include_str!("sql/notify.sql"))
        .bind(hearers.iter().map(|hearer| hearer.account).collect::<Vec<_>>())
        .bind(told.iter().map(|told| told.title.clone()).collect::<Vec<_>>())
        .bind(told.iter().map(|told| told.body.clone()).collect::<Vec<_>>())
        .bind(format!("order_{}", event.state()))
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

fn to_customer(id: i64, order: &Order, event: &OrderEvent, known: Known) -> Told {
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
    let said = said(event, known);
    let body = if said.is_empty() { summary(order, known) } else { said };
    Told { title: format!("Your order {id} {what}"), body }
}

fn to_staff(id: i64, order: &Order, event: &OrderEvent, known: Known) -> Told {
    let customer = known.customer_name.then_some(&order.customer_name);
    let title = match (event.state(), customer) {
        (State::Placed, Some(customer)) => format!("New order {id} from {customer}"),
        (State::Placed, None) => format!("New order {id}"),
        (_, Some(customer)) => format!("{customer} cancelled order {id}"),
        (_, None) => format!("Order {id} was cancelled by its customer"),
    };
    let parts = [summary(order, known), said(event, known)];
    let body = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    Told { title, body }
}

fn said(event: &OrderEvent, known: Known) -> String {
    if known.said { event.said() } else { String::new() }
}

/// `3 pieces on 2 lines, €25.99`, or as much of it as somebody may know.
fn summary(order: &Order, known: Known) -> String {
    let count = |number: i64, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let pieces = known.pieces.then(|| count(order.pieces(), "piece", "pieces"));
    let lines = known.lines.then(|| count(i64::try_from(order.lines.len()).unwrap_or(i64::MAX), "line", "lines"));
    let size = [pieces, lines].into_iter().flatten().collect::<Vec<_>>().join(" on ");
    let total = order.total().filter(|_| known.total).map(|total| format!("€{total}"));
    [Some(size).filter(|size| !size.is_empty()), total].into_iter().flatten().collect::<Vec<_>>().join(", ")
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
        let told = to_staff(1_042, &order, &cancelled, Known::ALL);
        assert_eq!(told.title, "Cleo cancelled order 1042");
        assert_eq!(told.body, "3 pieces on 1 line, €1,500.00\nNo longer needed");
        let paid = OrderEvent::of_step(Step::Pay, Some(5), ValidDetails::default(), Vec::new());
        let told = to_customer(1_042, &order, &paid, Known::ALL);
        assert_eq!((&*told.title, &*told.body), ("Your order 1042 is paid", "3 pieces on 1 line, €1,500.00"));
    }
    #[test]
    fn people_are_told_of_an_order_what_they_may_know_of_it() {
        let line = Line { product_id: 1, sku: String::new(), name: String::new(), quantity: 3, price: Price(50_000) };
        let order = Order { customer_name: "Cleo".to_owned(), lines: vec![line], ..Order::default() };
        let details = ValidDetails { note: "No longer needed".to_owned(), ..ValidDetails::default() };
        let cancelled = OrderEvent::of_step(Step::Cancel, Some(5), details, Vec::new());
        let nothing = Known { customer_name: false, lines: false, pieces: false, total: false, said: false };
        let told = |known| {
            let Told { title, body } = to_staff(1_042, &order, &cancelled, known);
            (title, body)
        };
        let title = "Order 1042 was cancelled by its customer".to_owned();
        assert_eq!(told(nothing), (title.clone(), String::new()));
        assert_eq!(to_customer(1_042, &order, &cancelled, nothing).body, "");
        for (known, body) in [
            (Known { said: true, ..nothing }, "No longer needed"),
            (Known { pieces: true, ..nothing }, "3 pieces"),
            (Known { lines: true, total: true, ..nothing }, "1 line, €1,500.00"),
            (Known { total: true, said: true, ..nothing }, "€1,500.00\nNo longer needed"),
        ] {
            assert_eq!(told(known), (title.clone(), body.to_owned()));
        }
    }
}
