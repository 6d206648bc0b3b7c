//! Random commands by random people on one order, without a database: nobody gets it where no rule leads, and a replay of what
//! happened is what it became.

use super::{
    event::{Line, OrderEvent},
    order::Order,
    refusal::RefusalCode,
    state::State,
    step::{Actor, Step},
    validate::ValidDetails,
};
use crate::app::inventory::Price;
use proptest::prelude::*;

/// Who tries what, and which version they name.
fn tries() -> impl Strategy<Value = Vec<(Actor, Step, Option<i64>)>> {
    let actor = prop::sample::select(vec![Actor::Staff, Actor::Staff, Actor::Owner, Actor::Stranger]);
    let step = prop::sample::select(Step::ALL.to_vec());
    prop::collection::vec((actor, step, prop::option::weighted(0.2, 1..6_i64)), 0..40)
}

fn placed() -> OrderEvent {
    let line = Line { product_id: 1, sku: "S".to_owned(), name: "Bolt".to_owned(), quantity: 2, price: Price(250) };
    OrderEvent::OrderPlaced {
        customer: Some(5),
        customer_name: "Cleo".to_owned(),
        lines: vec![line],
        note: String::new(),
    }
}

/// The transitions once more, as pairs, apart from the table that the program has.
fn leads(from: State, to: State, actor: Actor) -> bool {
    use State::*;
    let by_staff = [
        (Placed, Paid),
        (Paid, Picked),
        (Picked, Packed),
        (Packed, Shipped),
        (Shipped, Delivered),
        (Placed, Cancelled),
        (Paid, Cancelled),
        (Picked, Cancelled),
        (Packed, Cancelled),
        (Shipped, Returned),
        (Delivered, Returned),
    ];
    let by_owner = [(Placed, Paid), (Placed, Cancelled), (Paid, Cancelled)];
    match actor {
        Actor::Staff => by_staff.contains(&(from, to)),
        Actor::Owner => by_owner.contains(&(from, to)),
        Actor::Stranger => false,
    }
}

proptest! {
    #[test]
    fn nobody_gets_an_order_where_no_rule_leads(tries in tries()) {
        let mut events = vec![placed()];
        let mut order = Order::default();
        order.apply(&events[0], 1, "1", "Cleo");
        for (actor, step, version) in tries {
            let before = order.clone();
            let from = before.state.expect("was placed");
            let details = ValidDetails { version, ..ValidDetails::default() };
            match order.decide(7, actor, step, &details) {
                Ok(()) => {
                    prop_assert!(leads(from, step.target(), actor), "{actor:?} {step} from {from}");
                    prop_assert!(version.is_none_or(|seen| seen == before.version));
                    let event = OrderEvent::of_step(step, order.customer, details, Vec::new());
                    events.push(event);
                    let version = order.version + 1;
                    order.apply(&events[events.len() - 1], version, &version.to_string(), "Sam");
                    prop_assert!(leads(from, order.state.expect("has one"), actor));
                    prop_assert_eq!(order.version, before.version + 1);
                }
                Err(refusal) => {
                    let stale = version.is_some_and(|seen| seen != before.version);
                    prop_assert!(stale || !leads(from, step.target(), actor), "{actor:?} {step} from {from}: {refusal}");
                    prop_assert_eq!(refusal.code == RefusalCode::NotFound, actor == Actor::Stranger);
                    for other in refusal.allowed.iter().flatten() {
                        prop_assert!(leads(from, other.target(), actor), "{other} is offered from {from}");
                    }
                    prop_assert_eq!(&order, &before);
                }
            }
        }
        let mut replayed = Order::default();
        for (event, version) in events.iter().zip(1..) {
            let text = serde_json::to_string(event).expect("writes");
            let event: OrderEvent = serde_json::from_str(&text).expect("reads");
            let who = if version == 1 { "Cleo" } else { "Sam" };
            replayed.apply(&event, version, &version.to_string(), who);
        }
        prop_assert_eq!(replayed, order);
    }
}
