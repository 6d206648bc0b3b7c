//! The read models: `public.orders`, `public.order_lines` and `public.order_steps`, each kept from the events of the orders'
//! streams in the transactions that append them.
//!
//! | table | rows of an order |
//! |---|---|
//! | `orders` | one: what it is now |
//! | `order_lines` | one for each product |
//! | `order_steps` | one for each event |

use super::{event::OrderEvent, kept, order::Order, state::State};
use crate::{
    app::inventory::Price,
    changelog::statement,
    ledger::{FoldError, Projection, ProjectionError, Recorded, Registry, declare, project_now},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

/// What a table must have to be a read model's: its name, and columns.
pub(super) type Shape = (&'static str, &'static [&'static str]);
/// An order as it is now.
pub(super) const ORDERS: Shape = (
    Orders::TABLE,
    &[
        "id",
        "customer",
        "customer_name",
        "state",
        "version",
        "lines",
        "pieces",
        "total",
        "note",
        "placed_at",
        "changed_at",
        "changed_by",
    ],
);
/// What was ordered.
pub(super) const LINES: Shape =
    (OrderLines::TABLE, &["order_id", "line", "product_id", "sku", "name", "quantity", "price", "customer"]);
/// What has become of it.
pub(super) const STEPS: Shape =
    (OrderSteps::TABLE, &["order_id", "version", "state", "at", "who", "who_name", "note", "customer"]);

/// Brings all of them up to date with events that have just been appended.
pub(super) async fn follow(connection: &mut PgConnection, events: &[Recorded]) -> Result<(), ProjectionError> {
    project_now::<Orders>(connection, events).await?;
    project_now::<OrderLines>(connection, events).await?;
    project_now::<OrderSteps>(connection, events).await
}

/// Notes that the tables, which have just been made, are theirs.
pub(super) async fn declare_all(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    declare::<Orders>(connection).await?;
    declare::<OrderLines>(connection).await?;
    declare::<OrderSteps>(connection).await
}

/// Adds all of them, for whoever keeps, checks or rebuilds projections by their names.
pub fn register(registry: Registry) -> Registry {
    registry.now::<Orders>().now::<OrderLines>().now::<OrderSteps>()
}

/// Whether the tables of this database are theirs: there may be others of these names, which a rebuild would empty.
pub async fn are_there(pool: &PgPool) -> Result<bool, sqlx::Error> {
    statement::value(pool, statement::query_scalar(include_str!("sql/are_there.sql"))).await
}

/// `public.orders`.
#[derive(Debug)]
pub struct Orders;

/// A row of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderRow {
    id: i64,
    customer: Option<i64>,
    customer_name: String,
    state: State,
    version: i64,
    lines: i64,
    pieces: i64,
    total: Price,
    note: String,
    placed_at: String,
    changed_at: String,
    changed_by: String,
}

impl Projection for Orders {
    const NAME: &'static str = "orders";
    const VERSION: i32 = 1;
    const TABLE: &'static str = "public.orders";
    type Row = OrderRow;

    fn keys(event: &Recorded) -> Result<Vec<Value>, FoldError> {
        Ok(kept::order_of(&event.stream).map(|id| json!({ "id": id })).into_iter().collect())
    }

    fn fold(_: &Value, row: Option<OrderRow>, recorded: &Recorded) -> Result<Option<OrderRow>, FoldError> {
        let event: OrderEvent = recorded.decode()?;
        if let OrderEvent::OrderPlaced { .. } = event {
            return placed(event, recorded).map(Some);
        }
        let row = row.ok_or_else(|| FoldError("the order has not been placed".to_owned()))?;
        Ok(Some(OrderRow {
            state: event.state(),
            version: recorded.version,
            changed_at: recorded.at.clone(),
            changed_by: recorded.metadata.who_name.clone(),
            ..row
        }))
    }
}

fn placed(event: OrderEvent, recorded: &Recorded) -> Result<OrderRow, FoldError> {
    let mut order = Order::default();
    order.apply(&event, recorded.version, &recorded.at, &recorded.metadata.who_name);
    let (pieces, total) = (order.pieces(), order.total());
    Ok(OrderRow {
        id: id_of(recorded)?,
        customer: order.customer,
        customer_name: order.customer_name,
        state: event.state(),
        version: recorded.version,
        lines: i64::try_from(order.lines.len()).unwrap_or(i64::MAX),
        pieces,
        total: total.ok_or_else(|| FoldError("its sum is too high".to_owned()))?,
        note: order.note,
        placed_at: order.placed_at,
        changed_at: order.changed_at,
        changed_by: order.changed_by,
    })
}

fn id_of(recorded: &Recorded) -> Result<i64, FoldError> {
    kept::order_of(&recorded.stream).ok_or_else(|| FoldError(format!("{} is no order's stream", recorded.stream)))
}

/// `public.order_lines`.
#[derive(Debug)]
pub struct OrderLines;

/// A row of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineRow {
    order_id: i64,
    line: usize,
    product_id: i64,
    sku: String,
    name: String,
    quantity: i32,
    price: Price,
    customer: Option<i64>,
}

impl Projection for OrderLines {
    const NAME: &'static str = "order_lines";
    const VERSION: i32 = 1;
    const TABLE: &'static str = "public.order_lines";
    type Row = LineRow;

    fn keys(recorded: &Recorded) -> Result<Vec<Value>, FoldError> {
        let Some(id) = kept::order_of(&recorded.stream) else { return Ok(Vec::new()) };
        let OrderEvent::OrderPlaced { lines, .. } = recorded.decode()? else { return Ok(Vec::new()) };
        Ok((1..=lines.len()).map(|line| json!({ "order_id": id, "line": line })).collect())
    }

    fn fold(key: &Value, _: Option<LineRow>, recorded: &Recorded) -> Result<Option<LineRow>, FoldError> {
        let OrderEvent::OrderPlaced { customer, lines, .. } = recorded.decode()? else {
            return Err(FoldError("only an order that is placed has lines".to_owned()));
        };
        let number = key["line"].as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or_default();
        let line = number.checked_sub(1).and_then(|at| lines.into_iter().nth(at));
        let line = line.ok_or_else(|| FoldError(format!("it has no line {number}")))?;
        Ok(Some(LineRow {
            order_id: id_of(recorded)?,
            line: number,
            product_id: line.product_id,
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            price: line.price,
            customer,
        }))
    }
}

/// `public.order_steps`.
#[derive(Debug)]
pub struct OrderSteps;

/// A row of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    order_id: i64,
    version: i64,
    state: State,
    at: String,
    who: Option<String>,
    who_name: String,
    note: String,
    customer: Option<i64>,
}

impl Projection for OrderSteps {
    const NAME: &'static str = "order_steps";
    const VERSION: i32 = 1;
    const TABLE: &'static str = "public.order_steps";
    type Row = StepRow;

    fn keys(recorded: &Recorded) -> Result<Vec<Value>, FoldError> {
        let key = |id| json!({ "order_id": id, "version": recorded.version });
        Ok(kept::order_of(&recorded.stream).map(key).into_iter().collect())
    }

    fn fold(_: &Value, _: Option<StepRow>, recorded: &Recorded) -> Result<Option<StepRow>, FoldError> {
        let event: OrderEvent = recorded.decode()?;
        Ok(Some(StepRow {
            order_id: id_of(recorded)?,
            version: recorded.version,
            state: event.state(),
            at: recorded.at.clone(),
            who: recorded.metadata.who.clone(),
            who_name: recorded.metadata.who_name.clone(),
            note: event.said(),
            customer: event.customer(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{event::Line, step::Step, validate::ValidDetails},
        *,
    };
    use crate::ledger::{Events, Metadata};

    fn recorded(version: i64, event: &OrderEvent) -> Recorded {
        let new = event.to_new();
        Recorded {
            seq: version,
            stream: "order-7".to_owned(),
            version,
            kind: new.kind,
            schema: new.schema,
            data: new.data,
            metadata: Metadata { who: Some("5".to_owned()), who_name: "Cleo".to_owned(), ..Metadata::default() },
            at: format!("2026-01-0{version}T00:00:00+00:00"),
        }
    }

    fn placed() -> OrderEvent {
        let line = |product_id, quantity| Line {
            product_id,
            sku: "S".to_owned(),
            name: "Bolt".to_owned(),
            quantity,
            price: Price(250),
        };
        OrderEvent::OrderPlaced {
            customer: Some(5),
            customer_name: "Cleo".to_owned(),
            lines: vec![line(1, 2), line(9, 1)],
            note: "Quick".to_owned(),
        }
    }

    /// All rows that a projection makes of events.
    fn rows<P: Projection>(events: &[Recorded]) -> Vec<Value> {
        let mut rows: Vec<(Value, Option<P::Row>)> = Vec::new();
        for event in events {
            for key in P::keys(event).expect("has keys") {
                let at = rows.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                    rows.push((key.clone(), None));
                    rows.len() - 1
                });
                let before = rows[at].1.take();
                rows[at].1 = P::fold(&key, before, event).expect("folds");
            }
        }
        rows.into_iter().map(|(_, row)| serde_json::to_value(row).expect("writes")).collect()
    }

    #[test]
    fn an_order_has_one_row_that_is_what_its_events_made_of_it() {
        let paid = OrderEvent::of_step(Step::Pay, Some(5), ValidDetails::default(), Vec::new());
        let events = [recorded(1, &placed()), recorded(2, &paid)];
        let rows = rows::<Orders>(&events);
        assert_eq!(
            rows,
            [
                json!({"id": 7, "customer": 5, "customer_name": "Cleo", "state": "paid", "version": 2, "lines": 2, "pieces": 3,
                "total": 7.5, "note": "Quick", "placed_at": "2026-01-01T00:00:00+00:00",
                "changed_at": "2026-01-02T00:00:00+00:00", "changed_by": "Cleo"})
            ]
        );
    }

    #[test]
    fn each_product_has_a_row_and_each_event_has_one_and_all_say_whose_they_are() {
        let paid = OrderEvent::of_step(Step::Pay, Some(5), ValidDetails::default(), Vec::new());
        let events = [recorded(1, &placed()), recorded(2, &paid)];
        let lines = rows::<OrderLines>(&events);
        let told: Vec<_> = lines.iter().map(|row| (&row["line"], &row["product_id"], &row["customer"])).collect();
        assert_eq!(told, [(&json!(1), &json!(1), &json!(5)), (&json!(2), &json!(9), &json!(5))]);
        let steps = rows::<OrderSteps>(&events);
        let told: Vec<_> = steps.iter().map(|row| (&row["version"], &row["state"], &row["customer"])).collect();
        assert_eq!(told, [(&json!(1), &json!("placed"), &json!(5)), (&json!(2), &json!("paid"), &json!(5))]);
    }

    #[test]
    fn events_of_other_streams_concern_nobody_here_and_a_step_before_the_first_is_told() {
        let other =
            Recorded { stream: "product-7".to_owned(), kind: "StockReserved".to_owned(), ..recorded(1, &placed()) };
        assert_eq!(
            (Orders::keys(&other), OrderLines::keys(&other), OrderSteps::keys(&other)),
            (Ok(vec![]), Ok(vec![]), Ok(vec![]))
        );
        let paid = OrderEvent::of_step(Step::Pay, Some(5), ValidDetails::default(), Vec::new());
        let why = Orders::fold(&Value::Null, None, &recorded(2, &paid)).expect_err("makes no row");
        assert_eq!(why.0, "the order has not been placed");
        let unknown = Recorded { kind: "OrderEaten".to_owned(), ..recorded(2, &paid) };
        assert!(Orders::fold(&Value::Null, None, &unknown).expect_err("makes no row").0.contains("OrderEaten"));
    }
}
