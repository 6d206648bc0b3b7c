//! What commands are made of and what they answer with: the same for pages, for the JSON API, and for what is stored.

use super::state::State;
use serde::{Deserialize, Serialize};

/// Most lines of an order.
pub const MAX_LINES: usize = 100;
/// Most pieces on a line.
pub const MAX_QUANTITY: i64 = 100_000;
/// Longest note or reason, in characters.
pub const MAX_NOTE: usize = 1_000;
/// Longest name of a customer without an account, in characters: as long as those of accounts.
pub const MAX_NAME: usize = 100;
/// Longest name of a carrier and number of a parcel, in characters.
pub const MAX_TRACKING: usize = 100;
/// Longest idempotency key, in bytes.
pub const MAX_KEY: usize = 200;
/// Highest sum of an order in hundredths: what `numeric(12,2)` holds.
pub const MAX_TOTAL: i64 = 999_999_999_999;

/// An order to be placed, as somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// What, and how much of it; each product once.
    pub lines: Vec<PlaceLine>,
    /// From the customer to those who work here.
    pub note: String,
    /// For which account. Only staff may say so; without it, the order is for whoever places it.
    pub customer: Option<i64>,
    /// For whom, if they have no account. Only staff may say so.
    pub customer_name: Option<String>,
    /// Whatever the same person sends twice under the same key is done once. Good for a day.
    pub key: Option<String>,
}

/// One line of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaceLine {
    /// Which product.
    pub product_id: i64,
    /// How many pieces.
    pub quantity: i64,
}

/// What belongs to a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepDetails {
    /// A note; of what is cancelled or returned, the reason. The customer sees it.
    pub note: String,
    /// Who carries the parcel. Only when it is shipped.
    pub carrier: Option<String>,
    /// The parcel's number. Only when it is shipped.
    pub tracking: Option<String>,
    /// The version that whoever asks has seen: if the order has changed since, the step is refused. Without it, the step is
    /// decided on what the order is now.
    pub version: Option<i64>,
    /// Whatever the same person sends twice under the same key is done once. Good for a day.
    pub key: Option<String>,
}

/// A command that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The order.
    pub id: i64,
    /// The version that it has by this, if whoever asks may know versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The state that it has by this.
    pub state: State,
    /// The database's number of the transaction, by which the browser recognises it in the stream of changes.
    pub transaction: u64,
}
