//! Orders in the ledger: their streams, their events as the ledger keeps them, and the fold.

use super::{event::OrderEvent, order::Order};
use crate::ledger::{DecodeError, Events, Fold, Recorded, upcast};
use serde_json::{Value, json};

/// Schema version of all events of orders.
pub(super) const SCHEMA: i16 = 1;
/// Before the number in the name of a stream.
const PREFIX: &str = "order-";

/// The stream of an order.
pub fn stream(order: i64) -> String {
    format!("{PREFIX}{order}")
}

/// The order of a stream, if it is one of an order.
pub fn order_of(stream: &str) -> Option<i64> {
    stream.strip_prefix(PREFIX)?.parse().ok()
}

impl Events for OrderEvent {
    fn kind(&self) -> &'static str {
        OrderEvent::kind(self)
    }

    fn schema(_: &str) -> i16 {
        SCHEMA
    }

    fn encode(&self) -> Value {
        // Its form is an object with one field, the type's.
        match serde_json::to_value(self) {
            Ok(Value::Object(form)) => form.into_iter().next().map_or(Value::Null, |(_, data)| data),
            _ => Value::Null,
        }
    }

    fn decode(kind: &str, schema: i16, data: Value) -> Result<Self, DecodeError> {
        if !Self::KINDS.contains(&kind) {
            return Err(DecodeError::UnknownType(kind.to_owned()));
        }
        let data = upcast(kind, schema, SCHEMA, data, |from, _| Err(format!("there is no form {from}")))?;
        serde_json::from_value(json!({ kind: data }))
            .map_err(|error| DecodeError::Malformed { kind: kind.to_owned(), why: error.to_string() })
    }
}

/// An order as what its stream has come to.
#[derive(Debug)]
pub struct OrderFold;

impl Fold for OrderFold {
    type Event = OrderEvent;
    type State = Order;
    const NAME: &'static str = "order";
    const VERSION: i32 = 1;

    fn apply(state: &mut Order, event: &OrderEvent, recorded: &Recorded) {
        state.apply(event, recorded.version, &recorded.at, &recorded.metadata.who_name);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{step::Step, validate::ValidDetails},
        *,
    };

    #[test]
    fn events_are_read_as_they_were_written() {
        let mut kinds = vec!["OrderPlaced"];
        for step in Step::ALL {
            let event = OrderEvent::of_step(step, Some(5), ValidDetails::default(), vec![7]);
            let new = event.to_new();
            kinds.push(OrderEvent::kind(&event));
            assert_eq!(OrderEvent::decode(&new.kind, new.schema, new.data), Ok(event));
        }
        kinds.sort_unstable();
        let mut known = OrderEvent::KINDS;
        known.sort_unstable();
        assert_eq!(kinds, known);
    }

    #[test]
    fn what_is_unknown_newer_or_broken_is_told_apart() {
        let read = |kind, schema, data| OrderEvent::decode(kind, schema, data).expect_err("cannot be read");
        assert!(matches!(read("OrderEaten", 1, json!({})), DecodeError::UnknownType(_)));
        assert!(matches!(
            read("OrderPaid", 2, json!({ "customer": 5, "note": "" })),
            DecodeError::Newer { schema: 2, known: 1, .. }
        ));
        assert!(matches!(read("OrderPaid", 1, json!({ "customer": 5, "note": 7 })), DecodeError::Malformed { .. }));
        assert!(matches!(read("OrderPaid", 1, Value::Null), DecodeError::Malformed { .. }));
    }

    #[test]
    fn a_stream_is_named_after_its_order() {
        assert_eq!(
            (stream(1_042).as_str(), order_of("order-1042"), order_of("product-7")),
            ("order-1042", Some(1_042), None)
        );
    }
}
