//! What happened to the demo's orders: made up by a generator of fixed seed, one legal step after the other, as if by people.
//!
//! Pure: the same products and people make the same story.

use super::{
    super::{
        event::{Line, OrderEvent},
        order::Order,
        state::State,
        step::{Actor, Step},
        validate::ValidDetails,
    },
    words::{CANCELLED, CARRIERS, CUSTOMERS, NOTES, REMARKS, RETURNED},
};
use crate::{app::inventory::Price, random::Random};

/// Orders in the demo.
pub(super) const ORDERS: u64 = 120;
/// When the first of them was placed, in seconds before now.
const OLDEST: u64 = 35 * DAY;
/// Nothing happened in the last seconds.
const YOUNGEST: i64 = 90;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Most lines of an order.
const MOST_LINES: u64 = 6;

/// A product that may be ordered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Product {
    pub(super) id: i64,
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) price: Price,
}

/// Somebody who does something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) account: Option<i64>,
    pub(super) name: String,
}

/// Who is in the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct People {
    /// The customer with an account.
    pub(super) customer: Person,
    /// Who work here.
    pub(super) staff: Vec<Person>,
    /// What orders for those without accounts.
    pub(super) shop: Person,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// To which of the orders, counted from the oldest.
    pub(super) order: u64,
    /// How many seconds ago.
    pub(super) age: i64,
    /// Who did it.
    pub(super) who: Person,
    /// What.
    pub(super) event: OrderEvent,
}

/// The whole story, from the beginning.
pub(super) fn tell(products: &[Product], people: &People) -> Vec<Moment> {
    if products.is_empty() {
        return Vec::new();
    }
    let mut random = Random(0x0bde_55ed_0a11_d0ed);
    let mut moments: Vec<Moment> =
        (0..ORDERS).flat_map(|order| of_order(order, products, people, &mut random)).collect();
    moments.sort_by_key(|moment| (-moment.age, moment.order));
    moments
}

/// Orders come a little closer together from week to week.
fn placed_before(order: u64) -> i64 {
    let left = (ORDERS - order) as f64 / ORDERS as f64;
    (OLDEST as f64 * left.powf(2.4)) as i64 + YOUNGEST
}

fn of_order(number: u64, products: &[Product], people: &People, random: &mut Random) -> Vec<Moment> {
    let is_own = random.below(6) == 0;
    let customer = if is_own { people.customer.clone() } else { named(random.pick::<&str>(CUSTOMERS)) };
    let buyer = if is_own { people.customer.clone() } else { people.shop.clone() };
    let note = if random.below(5) == 0 { *random.pick(NOTES) } else { "" };
    let event = OrderEvent::OrderPlaced {
        customer: customer.account,
        customer_name: customer.name.clone(),
        lines: lines(products, random),
        note: note.to_owned(),
    };
    let mut age = placed_before(number);
    let mut order = Order::default();
    order.apply(&event, 1, "", "");
    let mut moments = vec![Moment { order: number, age, who: buyer.clone(), event }];
    while let Some((step, wait)) = order.state.and_then(|state| next(state, random)) {
        age -= wait as i64;
        if age < YOUNGEST {
            break;
        }
        let by_buyer = step == Step::Pay || (step == Step::Cancel && random.below(2) == 0);
        let who = if by_buyer { buyer.clone() } else { random.pick(&people.staff).clone() };
        let details = details(step, random);
        let legal = order.decide(0, if by_buyer && is_own { Actor::Owner } else { Actor::Staff }, step, &details);
        if legal.is_err() {
            break;
        }
        let event = OrderEvent::of_step(step, customer.account, details, Vec::new());
        order.apply(&event, order.version + 1, "", "");
        moments.push(Moment { order: number, age, who, event });
    }
    moments
}

fn named(name: &str) -> Person {
    Person { account: None, name: name.to_owned() }
}

/// What comes next, and after how many seconds, if anything does.
fn next(state: State, random: &mut Random) -> Option<(Step, u64)> {
    let chance = random.below(100);
    let (step, least, most) = match state {
        State::Placed if chance < 4 => (Step::Cancel, HOUR, 3 * DAY),
        State::Placed => (Step::Pay, 2 * MINUTE, 26 * HOUR),
        State::Paid if chance < 3 => (Step::Cancel, 10 * MINUTE, 8 * HOUR),
        State::Paid => (Step::Pick, HOUR, 30 * HOUR),
        State::Picked if chance < 2 => (Step::Cancel, 10 * MINUTE, 2 * HOUR),
        State::Picked => (Step::Pack, HOUR, 18 * HOUR),
        State::Packed => (Step::Ship, 2 * HOUR, 22 * HOUR),
        State::Shipped if chance < 3 => (Step::Return, DAY, 4 * DAY),
        State::Shipped => (Step::Deliver, 20 * HOUR, 4 * DAY),
        State::Delivered if chance < 6 => (Step::Return, DAY, 6 * DAY),
        State::Delivered | State::Cancelled | State::Returned => return None,
    };
    Some((step, least + random.below(most - least)))
}

fn details(step: Step, random: &mut Random) -> ValidDetails {
    let mut details = ValidDetails::default();
    match step {
        Step::Cancel => details.note = (*random.pick(CANCELLED)).to_owned(),
        Step::Return => details.note = (*random.pick(RETURNED)).to_owned(),
        Step::Ship => {
            let (carrier, prefix) = random.pick(CARRIERS);
            details.carrier = Some((*carrier).to_owned());
            details.tracking = Some(format!("{prefix}{:09}", random.below(1_000_000_000)));
        }
        Step::Pick | Step::Pack if random.below(8) == 0 => details.note = (*random.pick(REMARKS)).to_owned(),
        Step::Pay | Step::Pick | Step::Pack | Step::Deliver => {}
    }
    details
}

fn lines(products: &[Product], random: &mut Random) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..=random.below(MOST_LINES) {
        let product = random.pick(products);
        if lines.iter().any(|line| line.product_id == product.id) {
            continue;
        }
        // Of what is cheap, people order boxes; of what is dear, one.
        let quantity = match product.price.0 {
            ..100 => 25 * (1 + random.below(12)),
            100..1_000 => 1 + random.below(40),
            1_000..10_000 => 1 + random.below(8),
            _ => 1 + random.below(3),
        };
        let Product { id: product_id, sku, name, price } = product.clone();
        lines.push(Line { product_id, sku, name, quantity: quantity as i32, price });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn story() -> Vec<Moment> {
        let product = |id: i64| Product {
            id,
            sku: format!("S-{id}"),
            name: format!("Product {id}"),
            price: Price(7 * id * id + 1),
        };
        let person = |account, name: &str| Person { account, name: name.to_owned() };
        let people = People {
            customer: person(Some(3), "Cleo"),
            staff: vec![person(Some(1), "Ada"), person(Some(2), "Sam")],
            shop: person(None, "Web shop"),
        };
        tell(&(1..=100).map(product).collect::<Vec<_>>(), &people)
    }

    /// Every order as it is in the end.
    fn orders(story: &[Moment]) -> BTreeMap<u64, Order> {
        let mut orders: BTreeMap<u64, Order> = BTreeMap::new();
        for Moment { order, event, .. } in story {
            let order = orders.entry(*order).or_default();
            order.apply(event, order.version + 1, "", "");
        }
        orders
    }

    #[test]
    fn every_state_is_seen_often_enough_and_most_orders_are_done() {
        let story = story();
        let orders = orders(&story);
        assert_eq!(orders.len() as u64, ORDERS);
        let count = |state| orders.values().filter(|order| order.state == Some(state)).count();
        let counts: Vec<usize> = State::ALL.into_iter().map(count).collect();
        assert!(counts.iter().all(|count| *count >= 3), "{counts:?}");
        assert!(count(State::Delivered) > orders.len() / 3, "{counts:?}");
        let own = orders.values().filter(|order| order.customer == Some(3)).count();
        assert!((10..40).contains(&own), "{own}");
    }

    #[test]
    fn the_story_is_told_in_the_order_in_which_it_happened_and_ends_before_now() {
        let story = story();
        assert!(story.is_sorted_by_key(|moment| -moment.age));
        assert!(story.iter().all(|moment| (YOUNGEST..=OLDEST as i64 + YOUNGEST).contains(&moment.age)));
    }

    #[test]
    fn every_step_of_it_is_legal() {
        let mut orders: BTreeMap<u64, Order> = BTreeMap::new();
        for Moment { order, event, .. } in story() {
            let order = orders.entry(order).or_default();
            match order.state {
                None => assert!(matches!(event, OrderEvent::OrderPlaced { .. })),
                Some(state) => {
                    let step = event.state().reached_by().expect("is a step");
                    assert_eq!(step.check(state, Actor::Staff), Ok(event.state()));
                }
            }
            order.apply(&event, order.version + 1, "", "");
        }
    }

    #[test]
    fn every_demo_is_the_same() {
        assert_eq!(story(), story());
    }
}
