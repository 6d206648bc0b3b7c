//! Stock: pieces are set aside for an order when it is placed, and go back when it is cancelled or returned, in the transaction
//! that does it.
//!
//! Invariant: products are locked in the order of their ids, before the order's own stream; their streams come after. So no two
//! commands wait for each other in a circle, and what is read here is still so when it is written.

use super::{
    event::Line,
    failure::Failure,
    refusal::{Refusal, RefusalCode},
    sight::{Ware, Wares},
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
    /// What an order of these products and pieces consists of, if there are enough of each. To whoever orders there are the products that
    /// they see, and they are told of them what they may know.
    pub(super) fn lines(&self, wanted: &[(i64, i32)], seen: &Wares) -> Result<Vec<Line>, Refusal> {
        let line = |(at, &(product_id, quantity)): (usize, &(i64, i32))| {
            let (Some(product), Some(ware)) = (self.0.get(&product_id), seen.get(&product_id)) else {
                let field = format!("lines[{at}].product_id");
                return Err(Refusal::of_field(
                    RefusalCode::UnknownProduct,
                    field,
                    format!("There is no product {product_id}"),
                ));
            };
            let Locked { sku, name, quantity: left, price, .. } = product.clone();
            if left < quantity {
                let field = format!("lines[{at}].quantity");
                return Err(Refusal::of_field(RefusalCode::OutOfStock, field, too_few(ware, left)));
            }
            Ok(Line { product_id, sku, name, quantity, price: Price(price) })
        };
        wanted.iter().enumerate().map(line).collect()
    }

    /// Which of an order's products are gone, so that their pieces cannot go back.
    pub(super) fn gone(&self, lines: &[Line]) -> Result<Vec<i64>, Full> {
        let mut gone = Vec::new();
        for line in lines {
            match self.0.get(&line.product_id) {
                None => gone.push(line.product_id),
                Some(product) if i64::from(product.quantity) + i64::from(line.quantity) > MAX_STOCK => {
                    return Err(Full { product: product.id });
                }
                Some(_) => {}
            }
        }
        Ok(gone)
    }
}

fn too_few(ware: &Ware, left: i32) -> String {
    let name = ware.words();
    match left {
        _ if !ware.is_counted() => format!("There are fewer pieces of {name} than that"),
        0 => format!("{name} is out of stock"),
        1 => format!("Only one piece of {name} is left"),
        _ => format!("Only {left} pieces of {name} are left"),
    }
}

/// Pieces cannot go back: there would be more of a product than there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there would be more than {MAX_STOCK} pieces of product {product}")]
pub(super) struct Full {
    pub(super) product: i64,
}

impl Full {
    /// For those who see the product, which one it is.
    pub(super) fn told(self, seen: Option<&Ware>) -> Refusal {
        let name = seen.map_or_else(|| "one of its products".to_owned(), Ware::words);
        let message = format!("There would be more than {MAX_STOCK} pieces of {name}; correct the quantity first");
        Refusal::new(RefusalCode::StockFull, message)
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

    /// Seen by somebody to whom these columns are granted.
    fn seen(columns: &[&str]) -> Wares {
        let ware = |id: i64| {
            let mut row = json!({ "name": "Bolt", "sku": format!("S-{id}"), "quantity": 9 });
            row.as_object_mut().expect("an object").retain(|column, _| columns.contains(&column.as_str()));
            row["id"] = id.into();
            (id, serde_json::from_value(row).expect("reads"))
        };
        [1, 2].map(ware).into()
    }

    fn line(product_id: i64, quantity: i32) -> Line {
        Line { product_id, sku: String::new(), name: String::new(), quantity, price: Price(0) }
    }

    #[test]
    fn an_order_takes_what_is_there_at_the_price_of_then() {
        let lines = shelf(&[(1, 5), (2, 1)]).lines(&[(2, 1), (1, 5)], &seen(&[])).expect("is there");
        let told: Vec<_> = lines.iter().map(|line| (line.product_id, line.quantity, line.price.0)).collect();
        assert_eq!(told, [(2, 1, 250), (1, 5, 250)]);
    }

    #[test]
    fn whoever_wants_more_than_there_is_is_told_of_which_and_how_much_is_left() {
        let all = seen(&["name", "sku", "quantity"]);
        let refusal =
            |left, wanted| shelf(&[(1, 9), (2, left)]).lines(&[(1, 1), (2, wanted)], &all).expect_err("is refused");
        let few = refusal(3, 4);
        assert_eq!((few.code, few.field.as_deref()), (RefusalCode::OutOfStock, Some("lines[1].quantity")));
        assert_eq!(few.message, "Only 3 pieces of Bolt (S-2) are left");
        assert_eq!(refusal(1, 2).message, "Only one piece of Bolt (S-2) is left");
        assert_eq!(refusal(0, 1).message, "Bolt (S-2) is out of stock");
        let unknown = shelf(&[(1, 9)]).lines(&[(1, 1), (3, 1)], &all).expect_err("is refused");
        assert_eq!(
            (unknown.code, unknown.field.as_deref()),
            (RefusalCode::UnknownProduct, Some("lines[1].product_id"))
        );
    }

    #[test]
    fn of_a_product_nobody_is_told_what_is_not_granted_to_them_and_of_one_that_they_do_not_see_nothing() {
        let refusal = |wanted: &[(i64, i32)], columns: &[&str]| {
            shelf(&[(1, 0), (2, 3), (3, 9)]).lines(wanted, &seen(columns)).expect_err("is refused")
        };
        assert_eq!(refusal(&[(2, 4)], &["name"]).message, "There are fewer pieces of Bolt than that");
        assert_eq!(refusal(&[(1, 4)], &["sku"]).message, "There are fewer pieces of S-1 than that");
        assert_eq!(refusal(&[(2, 4)], &["quantity"]).message, "Only 3 pieces of Product 2 are left");
        assert_eq!(refusal(&[(1, 4)], &["quantity"]).message, "Product 1 is out of stock");
        let hidden = refusal(&[(3, 10)], &["name", "sku", "quantity"]);
        let missing = refusal(&[(4, 10)], &["name", "sku", "quantity"]);
        assert_eq!((hidden.code, hidden.field), (missing.code, missing.field));
        assert_eq!(hidden.message, missing.message.replace('4', "3"));
    }

    #[test]
    fn pieces_of_a_product_that_is_gone_stay_away_and_what_does_not_fit_is_refused() {
        let shelf = shelf(&[(1, 1_000_000), (2, 5)]);
        assert_eq!(shelf.gone(&[line(2, 1), line(3, 1)]), Ok(vec![3]));
        let full = shelf.gone(&[line(1, 1)]).expect_err("does not fit");
        let seen = seen(&["name", "sku"]);
        for (ware, name) in [(seen.get(&1), "Bolt (S-1)"), (None, "one of its products")] {
            let refusal = full.told(ware);
            assert_eq!(refusal.code, RefusalCode::StockFull);
            assert!(refusal.message.contains(name), "{refusal}");
        }
    }
}
