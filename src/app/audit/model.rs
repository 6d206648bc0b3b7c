//! What the server tells of the ledger. Pure.

use crate::app::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the ledger.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// In which stream.
    pub stream: String,
    /// Its number there.
    pub version: i64,
    /// Its type.
    pub kind: String,
    /// Whose it is; none: the system's.
    pub who: Option<String>,
    /// What they were called.
    pub name: String,
    /// What led to it.
    pub cause: Option<String>,
    /// What it belongs to.
    pub correlation: Option<String>,
    /// Its data, as JSON.
    pub data: String,
}

/// A page of what was found, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The events.
    pub events: Vec<Event>,
    /// Whether there are earlier ones.
    pub more: bool,
    /// The database's snapshot of transactions in which they were found: what it does not include is new.
    pub snapshot: String,
    /// The types that there are.
    pub kinds: Vec<String>,
}

/// Why nothing is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Not for this person.
    NotAllowed,
    /// One of the times is none.
    NotATime(String),
    /// What should be a snapshot is none.
    NotASnapshot,
    /// It takes too long.
    TooSlow,
    /// The database does not answer.
    Unavailable,
}

impl Refusal {
    /// For people.
    pub fn message(&self) -> String {
        match self {
            Self::NotAllowed => "Only administrators can read the audit.".to_owned(),
            Self::NotATime(text) => format!("“{text}” is not a date with a time."),
            Self::NotASnapshot => "It is not known since when. Reload the page.".to_owned(),
            Self::TooSlow => "This search takes too long. Narrow it, by time above all.".to_owned(),
            Self::Unavailable => "The database does not answer. Try again in a moment.".to_owned(),
        }
    }

    /// The status of an answer that says so.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotAllowed => 403,
            Self::NotATime(_) | Self::NotASnapshot | Self::TooSlow => 422,
            Self::Unavailable => 503,
        }
    }
}
