//! What happens to an order, as it is kept for ever: the events of the streams `order-<id>`.
//!
//! Each says whose order it is, so that what is made of one event alone can be shown to its customer.
//!
//! Their JSON is what was agreed on when they were written. A change of it is a new schema version with a step that leads
//! there, never an edit.

use super::{state::State, step::Step, validate::ValidDetails};
use crate::app::inventory::Price;
use serde::{Deserialize, Serialize};

/// A line of an order: the product as it was when it was ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Which product.
    pub product_id: i64,
    /// Its SKU then.
    pub sku: String,
    /// Its name then.
    pub name: String,
    /// How many pieces.
    pub quantity: i32,
    /// Price of one piece then.
    pub price: Price,
}

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// It came to be.
    OrderPlaced {
        /// Whose it is, if they have an account.
        customer: Option<i64>,
        /// What they are called.
        customer_name: String,
        /// What was ordered.
        lines: Vec<Line>,
        /// From the customer.
        note: String,
    },
    /// It was paid.
    OrderPaid {
        /// Whose it is.
        customer: Option<i64>,
        /// Perhaps empty.
        note: String,
    },
    /// Its pieces were taken from the shelves.
    OrderPicked {
        /// Whose it is.
        customer: Option<i64>,
        /// Perhaps empty.
        note: String,
    },
    /// They are in a parcel.
    OrderPacked {
        /// Whose it is.
        customer: Option<i64>,
        /// Perhaps empty.
        note: String,
    },
    /// The parcel was handed over.
    OrderShipped {
        /// Whose it is.
        customer: Option<i64>,
        /// To whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carrier: Option<String>,
        /// The parcel's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tracking: Option<String>,
        /// Perhaps empty.
        note: String,
    },
    /// The customer has it.
    OrderDelivered {
        /// Whose it is.
        customer: Option<i64>,
        /// Perhaps empty.
        note: String,
    },
    /// It was given up.
    OrderCancelled {
        /// Whose it is.
        customer: Option<i64>,
        /// Why; perhaps empty.
        reason: String,
        /// Products that are gone, so that their pieces could not go back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<i64>,
    },
    /// It came back.
    OrderReturned {
        /// Whose it is.
        customer: Option<i64>,
        /// Why; perhaps empty.
        reason: String,
        /// Products that are gone, so that their pieces could not go back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<i64>,
    },
}

impl OrderEvent {
    /// The names of all of them in the ledger.
    pub const KINDS: [&'static str; 8] = [
        "OrderPlaced",
        "OrderPaid",
        "OrderPicked",
        "OrderPacked",
        "OrderShipped",
        "OrderDelivered",
        "OrderCancelled",
        "OrderReturned",
    ];

    /// What a step is kept as. `customer`: whose order it is; `gone`: products whose pieces cannot go back.
    pub fn of_step(step: Step, customer: Option<i64>, details: ValidDetails, gone: Vec<i64>) -> Self {
        let ValidDetails { note, carrier, tracking, .. } = details;
        match step {
            Step::Pay => Self::OrderPaid { customer, note },
            Step::Pick => Self::OrderPicked { customer, note },
            Step::Pack => Self::OrderPacked { customer, note },
            Step::Ship => Self::OrderShipped { customer, carrier, tracking, note },
            Step::Deliver => Self::OrderDelivered { customer, note },
            Step::Cancel => Self::OrderCancelled { customer, reason: note, gone },
            Step::Return => Self::OrderReturned { customer, reason: note, gone },
        }
    }

    /// The state that the order has by it.
    pub const fn state(&self) -> State {
        match self {
            Self::OrderPlaced { .. } => State::Placed,
            Self::OrderPaid { .. } => State::Paid,
            Self::OrderPicked { .. } => State::Picked,
            Self::OrderPacked { .. } => State::Packed,
            Self::OrderShipped { .. } => State::Shipped,
            Self::OrderDelivered { .. } => State::Delivered,
            Self::OrderCancelled { .. } => State::Cancelled,
            Self::OrderReturned { .. } => State::Returned,
        }
    }

    /// Whose order it is, if they have an account.
    pub const fn customer(&self) -> Option<i64> {
        match self {
            Self::OrderPlaced { customer, .. }
            | Self::OrderPaid { customer, .. }
            | Self::OrderPicked { customer, .. }
            | Self::OrderPacked { customer, .. }
            | Self::OrderShipped { customer, .. }
            | Self::OrderDelivered { customer, .. }
            | Self::OrderCancelled { customer, .. }
            | Self::OrderReturned { customer, .. } => *customer,
        }
    }

    /// Its name in the ledger.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OrderPlaced { .. } => "OrderPlaced",
            Self::OrderPaid { .. } => "OrderPaid",
            Self::OrderPicked { .. } => "OrderPicked",
            Self::OrderPacked { .. } => "OrderPacked",
            Self::OrderShipped { .. } => "OrderShipped",
            Self::OrderDelivered { .. } => "OrderDelivered",
            Self::OrderCancelled { .. } => "OrderCancelled",
            Self::OrderReturned { .. } => "OrderReturned",
        }
    }

    /// What was said with it, for people.
    pub fn said(&self) -> String {
        match self {
            Self::OrderPlaced { note, .. }
            | Self::OrderPaid { note, .. }
            | Self::OrderPicked { note, .. }
            | Self::OrderPacked { note, .. }
            | Self::OrderDelivered { note, .. } => note.clone(),
            Self::OrderShipped { carrier, tracking, note, .. } => {
                let parcel =
                    [carrier.as_deref(), tracking.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
                joined(&[&parcel, note])
            }
            Self::OrderCancelled { reason, gone, .. } | Self::OrderReturned { reason, gone, .. } => {
                let lost =
                    if gone.is_empty() { "" } else { "Not back in stock, because the product is gone: part of it" };
                joined(&[reason, lost])
            }
        }
    }
}

/// The parts that say something, one a line.
fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn every_step_is_kept_as_the_event_that_leads_where_it_leads() {
        for step in Step::ALL {
            let event = OrderEvent::of_step(step, None, ValidDetails::default(), Vec::new());
            assert_eq!(event.state(), step.target());
        }
    }

    #[test]
    fn events_are_kept_in_the_form_that_was_agreed_on() {
        let line =
            Line { product_id: 7, sku: "A-1".to_owned(), name: "Bolt".to_owned(), quantity: 3, price: Price(1_250) };
        let placed = OrderEvent::OrderPlaced {
            customer: Some(5),
            customer_name: "Cleo".to_owned(),
            lines: vec![line],
            note: String::new(),
        };
        let details = ValidDetails { carrier: Some("DHL".to_owned()), ..ValidDetails::default() };
        let shipped = OrderEvent::of_step(Step::Ship, Some(5), details, Vec::new());
        let cancelled = OrderEvent::of_step(Step::Cancel, None, ValidDetails::default(), Vec::new());
        let forms: [(&OrderEvent, Value); 3] = [
            (
                &placed,
                json!({"OrderPlaced": {"customer": 5, "customer_name": "Cleo", "note": "", "lines":
                    [{"product_id": 7, "sku": "A-1", "name": "Bolt", "quantity": 3, "price": 12.5}]}}),
            ),
            (&shipped, json!({"OrderShipped": {"customer": 5, "carrier": "DHL", "note": ""}})),
            (&cancelled, json!({"OrderCancelled": {"customer": null, "reason": ""}})),
        ];
        for (event, form) in forms {
            assert_eq!(serde_json::to_value(event).unwrap(), form);
            assert_eq!(&serde_json::from_value::<OrderEvent>(form).unwrap(), event);
        }
    }

    #[test]
    fn the_name_in_the_ledger_is_the_name_in_the_form() {
        for step in Step::ALL {
            let event = OrderEvent::of_step(step, None, ValidDetails::default(), Vec::new());
            let form = serde_json::to_value(&event).unwrap();
            assert!(form.as_object().is_some_and(|form| form.contains_key(event.kind())));
        }
    }

    #[test]
    fn what_was_said_with_a_parcel_is_told_with_its_number() {
        let details = ValidDetails {
            note: "Fragile".to_owned(),
            carrier: Some("DHL".to_owned()),
            tracking: Some("0034".to_owned()),
            version: None,
        };
        assert_eq!(OrderEvent::of_step(Step::Ship, Some(5), details, Vec::new()).said(), "DHL 0034\nFragile");
        assert_eq!(OrderEvent::of_step(Step::Pay, None, ValidDetails::default(), Vec::new()).said(), "");
    }
}
