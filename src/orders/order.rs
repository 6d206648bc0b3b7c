//! An order as the fold of its events, and what may be done with it.
//!
//! Invariant: an order that was decided upon by [`Order::decide`] alone has never made a step that is not in the table of `step`.

use super::{
    event::{Line, OrderEvent},
    refusal::{Refusal, Standing},
    state::State,
    step::{Actor, Step},
    validate::ValidDetails,
    wire::MAX_TOTAL,
};
use crate::{app::inventory::Price, protocol::Role};
use serde::{Deserialize, Serialize};

/// An order at some version. The default is one that has not been placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// None before it is placed.
    pub state: Option<State>,
    /// How many events it has.
    pub version: i64,
    /// Whose it is, if they have an account.
    pub customer: Option<i64>,
    /// What they are called.
    pub customer_name: String,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// From the customer.
    pub note: String,
    /// Who carries the parcel.
    pub carrier: Option<String>,
    /// The parcel's number.
    pub tracking: Option<String>,
    /// When it was placed, as Postgres writes it.
    pub placed_at: String,
    /// When its last event was.
    pub changed_at: String,
    /// Whose that was, by name.
    pub changed_by: String,
}

impl Order {
    /// Takes an event in. `version`, `at`, `who_name` are the event's.
    pub fn apply(&mut self, event: &OrderEvent, version: i64, at: &str, who_name: &str) {
        match event {
            OrderEvent::OrderPlaced { customer, customer_name, lines, note } => {
                self.customer = *customer;
                self.customer_name.clone_from(customer_name);
                self.lines.clone_from(lines);
                self.note.clone_from(note);
                self.placed_at = at.to_owned();
            }
            OrderEvent::OrderShipped { carrier, tracking, .. } => {
                self.carrier.clone_from(carrier);
                self.tracking.clone_from(tracking);
            }
            _ => {}
        }
        self.state = Some(event.state());
        self.version = version;
        self.changed_at = at.to_owned();
        self.changed_by = who_name.to_owned();
    }

    /// Who somebody is to it.
    pub fn actor(&self, role: Role, account: Option<i64>) -> Actor {
        Actor::of(role, account, self.customer)
    }

    /// Whether somebody may do this with it now.
    ///
    /// # Errors
    ///
    /// A refusal that says what they could do instead. To a stranger there is no such order.
    pub fn decide(&self, id: i64, actor: Actor, step: Step, details: &ValidDetails) -> Result<(), Refusal> {
        let Some(state) = self.state.filter(|_| actor != Actor::Stranger) else { return Err(Refusal::not_found(id)) };
        let standing = Standing { state, version: self.version, allowed: Step::allowed(state, actor) };
        if let Some(seen) = details.version.filter(|seen| *seen != self.version) {
            return Err(Refusal::conflict(id, seen, standing));
        }
        step.check(state, actor).map(drop).map_err(|why| Refusal::illegal(id, step, standing, why))
    }

    /// Pieces of all lines.
    pub fn pieces(&self) -> i64 {
        self.lines.iter().map(|line| i64::from(line.quantity)).sum()
    }

    /// What it costs; none if that is more than there is a number for.
    pub fn total(&self) -> Option<Price> {
        total(&self.lines)
    }
}

/// What these lines cost; none if that is more than there is a number for.
pub fn total(lines: &[Line]) -> Option<Price> {
    let sum: i128 = lines.iter().map(|line| i128::from(line.price.0) * i128::from(line.quantity)).sum();
    i64::try_from(sum).ok().filter(|sum| *sum <= MAX_TOTAL).map(Price)
}

#[cfg(test)]
mod tests {
    use super::{super::refusal::RefusalCode, *};

    fn line(quantity: i32, price: i64) -> Line {
        Line { product_id: 1, sku: String::new(), name: String::new(), quantity, price: Price(price) }
    }

    fn placed() -> Order {
        let mut order = Order::default();
        let lines = vec![line(2, 1_250), line(1, 99)];
        let event =
            OrderEvent::OrderPlaced { customer: Some(5), customer_name: "Cleo".to_owned(), lines, note: String::new() };
        order.apply(&event, 1, "then", "Cleo");
        order
    }

    fn code(order: &Order, actor: Actor, step: Step, version: Option<i64>) -> Option<RefusalCode> {
        let details = ValidDetails { version, ..ValidDetails::default() };
        order.decide(7, actor, step, &details).err().map(|refusal| refusal.code)
    }

    #[test]
    fn an_order_is_what_its_events_made_of_it() {
        let mut order = placed();
        assert_eq!((order.pieces(), order.total()), (3, Some(Price(2_599))));
        let shipped = OrderEvent::OrderShipped {
            customer: Some(5),
            carrier: Some("DHL".to_owned()),
            tracking: None,
            note: String::new(),
        };
        order.apply(&shipped, 2, "later", "Sam");
        assert_eq!((order.state, order.version, order.carrier.as_deref()), (Some(State::Shipped), 2, Some("DHL")));
        assert_eq!((&*order.placed_at, &*order.changed_at, &*order.changed_by), ("then", "later", "Sam"));
    }

    #[test]
    fn to_a_stranger_there_is_no_order_and_no_order_is_no_order_to_anybody() {
        assert_eq!(code(&placed(), Actor::Stranger, Step::Pay, None), Some(RefusalCode::NotFound));
        assert_eq!(code(&Order::default(), Actor::Staff, Step::Pay, None), Some(RefusalCode::NotFound));
    }

    #[test]
    fn who_names_the_version_they_saw_is_refused_if_it_is_another_now() {
        assert_eq!(code(&placed(), Actor::Staff, Step::Pay, Some(1)), None);
        assert_eq!(code(&placed(), Actor::Staff, Step::Pay, Some(2)), Some(RefusalCode::VersionConflict));
        assert_eq!(code(&placed(), Actor::Staff, Step::Ship, None), Some(RefusalCode::IllegalStep));
        assert_eq!(code(&placed(), Actor::Owner, Step::Ship, None), Some(RefusalCode::NotAllowed));
    }

    #[test]
    fn a_sum_that_no_column_holds_is_none() {
        assert_eq!(total(&[line(1, MAX_TOTAL)]), Some(Price(MAX_TOTAL)));
        assert_eq!(total(&[line(1, MAX_TOTAL), line(1, 1)]), None);
        assert_eq!(total(&vec![line(100_000, MAX_TOTAL); 100]), None);
    }
}
