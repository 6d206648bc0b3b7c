//! The table of movements: a row for each event of a product's stream in which pieces moved.

use super::movement::Reason;
use crate::ledger::{FoldError, Projection, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `public.stock_movements`.
#[derive(Debug)]
pub struct StockMovements;

/// A row of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovementRow {
    product_id: i64,
    version: i64,
    at: String,
    who: Option<String>,
    who_name: String,
    kind: String,
    change: i64,
    left_over: Option<i64>,
    order_id: Option<i64>,
    note: String,
}

/// What an event says of pieces.
#[derive(Debug, PartialEq)]
struct Moved {
    kind: &'static str,
    change: i64,
    left_over: Option<i64>,
    order_id: Option<i64>,
    note: String,
}

impl Projection for StockMovements {
    const NAME: &'static str = "stock_movements";
    const VERSION: i32 = 1;
    const TABLE: &'static str = "public.stock_movements";
    type Row = MovementRow;

    fn keys(event: &Recorded) -> Result<Vec<Value>, FoldError> {
        let Some(id) = product_of(&event.stream) else { return Ok(Vec::new()) };
        let has_moved = moved(event)?.is_some();
        Ok(has_moved.then(|| json!({ "product_id": id, "version": event.version })).into_iter().collect())
    }

    fn fold(_: &Value, _: Option<MovementRow>, event: &Recorded) -> Result<Option<MovementRow>, FoldError> {
        let Some(product_id) = product_of(&event.stream) else { return Ok(None) };
        let Some(moved) = moved(event)? else { return Ok(None) };
        let Moved { kind, change, left_over, order_id, note } = moved;
        Ok(Some(MovementRow {
            product_id,
            version: event.version,
            at: event.at.clone(),
            who: event.metadata.who.clone(),
            who_name: event.metadata.who_name.clone(),
            kind: kind.to_owned(),
            change,
            left_over,
            order_id,
            note,
        }))
    }
}

fn product_of(stream: &str) -> Option<i64> {
    stream.strip_prefix("product-")?.parse().ok()
}

/// None of events in which no piece moved, and of those that are of a later program.
fn moved(event: &Recorded) -> Result<Option<Moved>, FoldError> {
    let number = |name: &str| {
        let number = event.data[name].as_i64();
        number.ok_or_else(|| FoldError(format!("{} has no number {name}", event.kind)))
    };
    let all = |kind, sign: i64| {
        let quantity = number("quantity")?;
        let left_over = Some(if sign > 0 { quantity } else { 0 });
        Ok(Moved { kind, change: sign * quantity, left_over, order_id: None, note: String::new() })
    };
    let from_to = |kind, note: &str| {
        let (from, to) = (number("from")?, number("to")?);
        Ok(Moved { kind, change: to - from, left_over: Some(to), order_id: None, note: note.to_owned() })
    };
    let for_order = |kind, sign: i64| {
        let (quantity, order) = (number("quantity")?, number("order")?);
        Ok(Moved { kind, change: sign * quantity, left_over: None, order_id: Some(order), note: String::new() })
    };
    let moved: Result<Moved, FoldError> = match event.kind.as_str() {
        "ProductAdded" => all("added", 1),
        "ProductRestored" => all("restored", 1),
        "ProductDeleted" => all("deleted", -1),
        "QuantitySet" => from_to("set", ""),
        "StockReserved" => for_order("ordered", -1),
        "StockReleased" => for_order("order_ended", 1),
        "StockAdjusted" => {
            let reason = event.data["reason"].as_str().and_then(Reason::recorded);
            let reason = reason.ok_or_else(|| FoldError("nobody knows such a reason".to_owned()))?;
            from_to(reason.word(), event.data["note"].as_str().unwrap_or_default())
        }
        _ => return Ok(None),
    };
    // Counting may find what was expected, which is worth a line; nothing else is.
    moved.map(|moved| Some(moved).filter(|moved| moved.change != 0 || moved.kind == Reason::Counted.word()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Metadata;

    fn event(kind: &str, data: Value) -> Recorded {
        Recorded {
            seq: 1,
            stream: "product-7".to_owned(),
            version: 3,
            kind: kind.to_owned(),
            schema: 1,
            data,
            metadata: Metadata { who_name: "Sam".to_owned(), ..Metadata::default() },
            at: "2026-11-01T10:00:00+00:00".to_owned(),
        }
    }

    fn row(event: &Recorded) -> Option<MovementRow> {
        let keys = StockMovements::keys(event).expect("reads");
        let row = StockMovements::fold(&json!({}), None, event).expect("folds");
        assert_eq!(keys.len(), usize::from(row.is_some()));
        row
    }

    #[test]
    fn every_event_in_which_pieces_move_has_a_row() {
        let moves = |kind: &str, data: Value| {
            let row = row(&event(kind, data)).expect("a row");
            (row.kind, row.change, row.left_over, row.order_id)
        };
        let adjusted = json!({"reason": "lost", "from": 9, "to": 7, "note": "wet"});
        assert_eq!(moves("ProductAdded", json!({"quantity": 9})), ("added".to_owned(), 9, Some(9), None));
        assert_eq!(moves("ProductDeleted", json!({"quantity": 9})), ("deleted".to_owned(), -9, Some(0), None));
        assert_eq!(moves("QuantitySet", json!({"from": 9, "to": 4})), ("set".to_owned(), -5, Some(4), None));
        assert_eq!(moves("StockAdjusted", adjusted), ("lost".to_owned(), -2, Some(7), None));
        let order = json!({"order": 1001, "quantity": 2});
        assert_eq!(moves("StockReserved", order.clone()), ("ordered".to_owned(), -2, None, Some(1001)));
        assert_eq!(moves("StockReleased", order), ("order_ended".to_owned(), 2, None, Some(1001)));
    }

    #[test]
    fn what_moves_nothing_has_none_and_nonsense_is_an_error() {
        assert_eq!(row(&event("ProductEdited", json!({}))), None);
        assert_eq!(row(&event("QuantitySet", json!({"from": 4, "to": 4}))), None);
        let counted = json!({"reason": "counted", "from": 4, "to": 4});
        assert!(row(&event("StockAdjusted", counted)).is_some(), "it was counted all the same");
        assert!(StockMovements::keys(&event("StockAdjusted", json!({"reason": "eaten"}))).is_err());
        assert!(StockMovements::keys(&event("QuantitySet", json!({}))).is_err());
        let of_an_order = Recorded { stream: "order-1001".to_owned(), ..event("ProductAdded", json!({})) };
        assert_eq!(row(&of_an_order), None);
    }
}
