//! Stock: pieces are set aside for an order when it is placed, and go back when it is cancelled or returned, in the transaction
//! that does it.
//!
//! Invariant: products are locked in the order of their ids, before the order's own stream; their streams come after. So no two
//! commands wait for each other in a circle, and what is read here is still so when it is written.

use super::{
    event::Line,
    failure::Failure,
    refusal::{Refusal, RefusalCode},
    state::State,
};
use crate::{
    app::inventory::Price,
    changelog::statement,
    ledger::{self, Expected, Metadata, NewEvent},
};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use std::collections::BTreeMap;

/// Most pieces of a product: what the constraint `products_quantity_range` allows.
const MAX_STOCK: i64 = 1_000_000;
/// Schema version of the events.
const SCHEMA: i16 = 1;

/// A product, locked.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
struct Locked {
    id: i64,
    sku: String,
    name: String,
    quantity: i32,
    /// In hundredths.
    price: i64,
}

/// Products by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shelf(BTreeMap<i64, Locked>);

/// Locks those of the products that are there.
pub(super) async fn lock(connection: &mut PgConnection, products: &[i64]) -> Result<Shelf, Failure> {
    let found = sqlx::query_as(include_str!("sql/lock_products.sql")).persistent(false).bind(products);
    let rows: Vec<Locked> = found.fetch_all(connection).await?;
    Ok(Shelf(rows.into_iter().map(|row| (row.id, row)).collect()))
}

impl Shelf {
    /// What an order of these products and pieces consists of, if there are enough of each.
    pub(super) fn lines(&self, wanted: &[(i64, i32)]) -> Result<Vec<Line>, Refusal> {
        let line = |(at, &(product_id, quantity)): (usize, &(i64, i32))| {
            let Some(product) = self.0.get(&product_id) else {
                let field = format!("lines[{at}].product_id");
                return Err(Refusal::of_field(
                    RefusalCode::UnknownProduct,
                    field,
                    format!("There is no product {product_id}"),
                ));
            };
            let Locked { sku, name, quantity: left, price, .. } = product.clone();
            if left < quantity {
                let message = match left {
                    0 => format!("{name} ({sku}) is out of stock"),
                    1 => format!("Only one piece of {name} ({sku}) is left"),
                    _ => format!("Only {left} pieces of {name} ({sku}) are left"),
                };
                return Err(Refusal::of_field(RefusalCode::OutOfStock, format!("lines[{at}].quantity"), message));
            }
            Ok(Line { product_id, sku, name, quantity, price: Price(price) })
        };
        wanted.iter().enumerate().map(line).collect()
    }

    /// Which of an order's products are gone, so that their pieces cannot go back. A refusal, if they do not fit.
    pub(super) fn gone(&self, lines: &[Line]) -> Result<Vec<i64>, Refusal> {
        let mut gone = Vec::new();
        for line in lines {
            match self.0.get(&line.product_id) {
                None => gone.push(line.product_id),
                Some(product) if i64::from(product.quantity) + i64::from(line.quantity) > MAX_STOCK => {
                    let message = format!(
                        "There would be more than {MAX_STOCK} pieces of {} ({}); correct its quantity first",
                        product.name, product.sku
                    );
                    return Err(Refusal::new(RefusalCode::StockFull, message));
                }
                Some(_) => {}
            }
        }
        Ok(gone)
    }
}

/// Which way pieces go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Set aside for an order.
    Reserve,
    /// Back to where they were.
    Release,
}

impl Way {
    /// Which way an order's pieces go when it gets into this state, if they move.
    pub(super) fn of(state: State) -> Option<Self> {
        match state {
            State::Placed => Some(Self::Reserve),
            state => (!state.holds_stock()).then_some(Self::Release),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Reserve => "StockReserved",
            Self::Release => "StockReleased",
        }
    }
}

/// What a product's stream is told, and which stream that is.
pub(super) fn event(way: Way, order: i64, product: i64, quantity: i32) -> (String, NewEvent) {
    let data = json!({ "order": order, "quantity": quantity });
    (format!("product-{product}"), NewEvent { kind: way.kind().to_owned(), schema: SCHEMA, data })
}

/// Moves the pieces of an order, and has each product's stream tell of it. The products are locked, and there are enough pieces;
/// those that are gone are left out.
pub(super) async fn shift(
    connection: &mut PgConnection,
    way: Way,
    order: i64,
    lines: &[Line],
    gone: &[i64],
    who: &Metadata,
) -> Result<(), Failure> {
    let mut moved: Vec<(i64, i32)> = lines.iter().map(|line| (line.product_id, line.quantity)).collect();
    moved.retain(|(product, _)| !gone.contains(product));
    moved.sort_unstable();
    let sign = if way == Way::Reserve { -1 } else { 1 };
    statement::query(include_str!("sql/shift_stock.sql"))
        .bind(moved.iter().map(|(product, _)| *product).collect::<Vec<_>>())
        .bind(moved.iter().map(|(_, quantity)| sign * quantity).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    let metadata = Metadata { cause: Some(super::stream(order)), ..who.clone() };
    for (product, quantity) in moved {
        let (stream, event) = event(way, order, product, quantity);
        ledger::append(&mut *connection, &stream, Expected::Any, &[event], &metadata).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(products: &[(i64, i32)]) -> Shelf {
        let product = |&(id, quantity): &(i64, i32)| {
            (id, Locked { id, sku: format!("S-{id}"), name: "Bolt".to_owned(), quantity, price: 250 })
        };
        Shelf(products.iter().map(product).collect())
    }

    fn line(product_id: i64, quantity: i32) -> Line {
        Line { product_id, sku: String::new(), name: String::new(), quantity, price: Price(0) }
    }

    #[test]
    fn an_order_takes_what_is_there_at_the_price_of_then() {
        let lines = shelf(&[(1, 5), (2, 1)]).lines(&[(2, 1), (1, 5)]).expect("is there");
        let told: Vec<_> = lines.iter().map(|line| (line.product_id, line.quantity, line.price.0)).collect();
        assert_eq!(told, [(2, 1, 250), (1, 5, 250)]);
    }

    #[test]
    fn whoever_wants_more_than_there_is_is_told_of_which_and_how_much_is_left() {
        let refusal = |left, wanted| shelf(&[(1, 9), (2, left)]).lines(&[(1, 1), (2, wanted)]).expect_err("is refused");
        let few = refusal(3, 4);
        assert_eq!((few.code, few.field.as_deref()), (RefusalCode::OutOfStock, Some("lines[1].quantity")));
        assert_eq!(few.message, "Only 3 pieces of Bolt (S-2) are left");
        assert_eq!(refusal(1, 2).message, "Only one piece of Bolt (S-2) is left");
        assert_eq!(refusal(0, 1).message, "Bolt (S-2) is out of stock");
        let unknown = shelf(&[(1, 9)]).lines(&[(1, 1), (3, 1)]).expect_err("is refused");
        assert_eq!(
            (unknown.code, unknown.field.as_deref()),
            (RefusalCode::UnknownProduct, Some("lines[1].product_id"))
        );
    }

    #[test]
    fn pieces_of_a_product_that_is_gone_stay_away_and_what_does_not_fit_is_refused() {
        let shelf = shelf(&[(1, 1_000_000), (2, 5)]);
        assert_eq!(shelf.gone(&[line(2, 1), line(3, 1)]), Ok(vec![3]));
        assert_eq!(shelf.gone(&[line(1, 1)]).expect_err("does not fit").code, RefusalCode::StockFull);
    }
}
