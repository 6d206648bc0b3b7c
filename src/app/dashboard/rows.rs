//! The totals and windows that are asked for.

use super::range::Range;
use crate::{
    app::{
        inventory::{Price, Product},
        orders::{Order, OrderLine, OrderStep, Sums},
    },
    store::{Count, Everything, Group, GroupColumns, Query},
};
use serde::{Deserialize, Serialize};

/// Rows that are shown of what has just happened.
const STEPS: u32 = 12;
/// Products that are shown of those that are scarce.
const SCARCE: u32 = 8;
/// Orders that are neither given up nor sent back.
const COUNTS: &str = "state not in ('cancelled', 'returned')";

/// What is added up of products.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stock {
    /// Pieces.
    pub(super) quantity: Option<i64>,
    /// What they are worth.
    pub(super) value: Option<Price>,
}

/// All that is in stock.
pub(super) type StockTotals = Group<Product, Everything, Stock>;

pub(super) fn stock() -> Query<StockTotals> {
    Query::<Product>::all().totals().sum("quantity").sum("value")
}

/// What is at or below its reorder level.
fn low() -> Query<Product> {
    Query::all().filter("quantity <= reorder_level", ())
}

/// The scarcest of it.
pub(super) fn scarce() -> Query<Product> {
    low().ascending("quantity").limit(SCARCE)
}

pub(super) fn low_count() -> Query<Count<Product>> {
    low().totals()
}

/// What has just happened to orders.
pub(super) fn steps() -> Query<OrderStep> {
    Query::all().descending("at").limit(STEPS)
}

/// Steps of time in which orders are added up.
pub(super) trait Step: GroupColumns {
    /// When it begins, as Postgres writes it.
    fn begin(&self) -> &str;
}

macro_rules! steps {
    ($($name:ident $column:ident),+) => {
        $(
            #[doc = concat!("`orders.", stringify!($column), "`.")]
            #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
            pub(super) struct $name {
                $column: String,
            }

            impl GroupColumns for $name {
                const COLUMNS: &'static [&'static str] = &[stringify!($column)];
            }

            impl Step for $name {
                fn begin(&self) -> &str {
                    &self.$column
                }
            }
        )+
    };
}

steps! { ByMinute placed_minute, ByHour placed_hour, ByDay placed_day }

/// Orders and what they cost, step by step from the first one on.
pub(super) fn sales<S: Step>(range: Range, first: i64) -> Query<Group<Order, S, Sums>> {
    let condition = format!("placed_at >= $1 and {COUNTS}");
    Query::<Order>::all().filter(condition, (range.begin(first).iso(),)).group_by().sum("total")
}

/// The first order from there on.
pub(super) fn first_order(range: Range, first: i64) -> Query<Order> {
    Query::all().filter("placed_at >= $1", (range.begin(first).iso(),)).ascending("id").limit(1)
}

/// By what was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ByProduct {
    /// Stock-keeping unit.
    pub(super) sku: String,
    /// What people call it.
    pub(super) name: String,
}

impl GroupColumns for ByProduct {
    const COLUMNS: &'static [&'static str] = &["sku", "name"];
}

/// How many pieces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pieces {
    /// Of all orders.
    pub(super) quantity: Option<i64>,
}

/// What was ordered from an order on; of none, nothing.
pub(super) fn ordered(since: Option<i64>) -> Query<Group<OrderLine, ByProduct, Pieces>> {
    let lines = Query::<OrderLine>::all();
    let lines = match since {
        Some(since) => lines.filter("order_id >= $1", (since,)),
        None => lines.filter("false", ()),
    };
    lines.group_by().sum("quantity")
}
