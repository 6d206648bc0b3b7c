//! The rows that the pages show: orders, their lines, and what has become of them.

use crate::{
    app::{inventory::Price, time::Timestamp},
    orders::State,
    store::{Group, GroupColumns, LiveRow, Query},
};
use serde::{Deserialize, Serialize};

/// An order as it is now: a row of `public.orders`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct Order {
    /// Its number.
    pub(in crate::app) id: i64,
    /// The account whose order it is.
    pub(in crate::app) customer: Option<i64>,
    /// For whom it is.
    pub(in crate::app) customer_name: String,
    /// What has become of it.
    pub(in crate::app) state: State,
    /// How many events it has.
    pub(in crate::app) version: i64,
    /// How many different products.
    pub(in crate::app) lines: i32,
    /// How many pieces of them all.
    pub(in crate::app) pieces: i32,
    /// What they cost.
    pub(in crate::app) total: Price,
    /// From the customer.
    pub(in crate::app) note: String,
    /// When it was placed.
    pub(in crate::app) placed_at: Timestamp,
    /// When its state last changed.
    pub(in crate::app) changed_at: Timestamp,
}

/// The key of an order as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(in crate::app) struct OrderKey {
    /// Its number.
    pub(in crate::app) id: i64,
}

impl LiveRow for Order {
    const TABLE: &'static str = "public.orders";
    type Key = OrderKey;

    fn key(&self) -> OrderKey {
        OrderKey { id: self.id }
    }
}

impl Order {
    /// One order, if there is such a one for whoever asks.
    pub(in crate::app) fn one(id: i64) -> Query<Self> {
        Query::all().filter("id = $1", (id,))
    }

    /// `3 products, 12 pieces`.
    pub(in crate::app) fn size(&self) -> String {
        let products = if self.lines == 1 { "product" } else { "products" };
        format!("{} {products}, {}", self.lines, pieces(self.pieces))
    }
}

/// `12 pieces`.
pub(in crate::app) fn pieces(pieces: impl Into<i64>) -> String {
    let pieces = pieces.into();
    format!("{} {}", crate::app::inventory::grouped(pieces), if pieces == 1 { "piece" } else { "pieces" })
}

/// The address of an order.
pub(in crate::app) fn address(id: i64) -> String {
    format!("{PAGE}/{id}")
}

/// Where the orders are.
pub(in crate::app) const PAGE: &str = "/orders";
/// Where one is placed.
pub(in crate::app) const NEW: &str = "/orders/new";

/// A product as it was ordered: a row of `public.order_lines`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct OrderLine {
    /// Of which order.
    pub(in crate::app) order_id: i64,
    /// Its place in it.
    pub(in crate::app) line: i16,
    /// Stock-keeping unit.
    pub(in crate::app) sku: String,
    /// What people call it.
    pub(in crate::app) name: String,
    /// How many pieces.
    pub(in crate::app) quantity: i32,
    /// Price of one of them.
    pub(in crate::app) price: Price,
}

impl OrderLine {
    /// Those of an order.
    pub(in crate::app) fn of(order: i64) -> Query<Self> {
        Query::all().filter("order_id = $1", (order,)).ascending("line")
    }

    /// What the pieces cost together.
    pub(in crate::app) fn sum(&self) -> Price {
        Price(self.price.0 * i64::from(self.quantity))
    }
}

/// The key of a line as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(in crate::app) struct OrderLineKey {
    order_id: i64,
    line: i16,
}

impl LiveRow for OrderLine {
    const TABLE: &'static str = "public.order_lines";
    type Key = OrderLineKey;

    fn key(&self) -> OrderLineKey {
        OrderLineKey { order_id: self.order_id, line: self.line }
    }
}

/// Something that became of an order: a row of `public.order_steps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct OrderStep {
    /// Of which order.
    pub(in crate::app) order_id: i64,
    /// The version that it has by this.
    pub(in crate::app) version: i64,
    /// The state that it has by this.
    pub(in crate::app) state: State,
    /// When.
    pub(in crate::app) at: Timestamp,
    /// By whose account or token.
    pub(in crate::app) who: Option<String>,
    /// By whom, as they were called then.
    pub(in crate::app) who_name: String,
    /// What was said with it.
    pub(in crate::app) note: String,
}

impl OrderStep {
    /// Those of an order, from the first.
    pub(in crate::app) fn of(order: i64) -> Query<Self> {
        Query::all().filter("order_id = $1", (order,)).ascending("version")
    }
}

/// The key of a step as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(in crate::app) struct OrderStepKey {
    /// Of which order.
    pub(in crate::app) order_id: i64,
    version: i64,
}

impl LiveRow for OrderStep {
    const TABLE: &'static str = "public.order_steps";
    type Key = OrderStepKey;

    fn key(&self) -> OrderStepKey {
        OrderStepKey { order_id: self.order_id, version: self.version }
    }
}

/// Orders are counted by what has become of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::app) struct ByState {
    /// What has become of them.
    pub(in crate::app) state: State,
}

impl GroupColumns for ByState {
    const COLUMNS: &'static [&'static str] = &["state"];
}

/// What is added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct Sums {
    /// What the orders cost.
    pub(in crate::app) total: Option<Price>,
}

/// How many orders there are in each state, and what they cost together.
pub(in crate::app) type StateTotals = Group<Order, ByState, Sums>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_as_postgres_writes_them() {
        let order: Order = serde_json::from_str(
            r#"{"id":1001,"customer":null,"customer_name":"A","state":"placed","version":1,"lines":1,"pieces":1200,"total":12.50,
            "note":"","placed_at":"2026-11-26T07:00:00+00:00","changed_at":"2026-11-26T07:00:00.5+00:00","changed_by":"A"}"#,
        )
        .expect("reads");
        assert_eq!((order.state, order.total), (State::Placed, Price(1_250)));
        assert_eq!(order.size(), "1 product, 1,200 pieces");
        let totals: StateTotals =
            serde_json::from_str(r#"{"group":{"state":"paid"},"count":2,"sum":{"total":99.98}}"#).expect("reads");
        assert_eq!((totals.group.state, totals.count, totals.sum.total), (State::Paid, 2, Some(Price(9_998))));
    }
}
