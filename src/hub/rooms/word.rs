//! What nodes say to each other: one JSON object, with a number that makes a missing one noticed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One word of a node, with its number.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    /// Which node.
    pub node: String,
    /// Counts its words.
    pub seq: u64,
    pub word: Word,
}

/// The same, to be sent.
#[derive(Debug, Serialize)]
pub(super) struct Sealed<'a> {
    pub node: &'a str,
    pub seq: u64,
    pub word: &'a RawValue,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// I am there.
    Beat,
    /// Tell me all that you have: one node, or every one.
    Hello { of: Option<String> },
    /// All that I have, in parts that follow each other.
    Members {
        /// The first part.
        first: bool,
        /// More parts follow.
        more: bool,
        rooms: Vec<Crowd>,
    },
    /// What has changed since.
    Presence { room: String, set: Vec<Carried>, gone: Vec<String> },
    /// Said in a room.
    Message { room: String, from: From, event: String, payload: Box<RawValue> },
    /// Said to a person.
    Direct { to: String, from: From, event: String, payload: Box<RawValue> },
    /// Said to everybody.
    Broadcast { from: From, event: String, payload: Box<RawValue> },
    /// To be done to one session of a node, if it is that person's.
    Session { of: String, session: u64, person: Option<String>, act: Act },
}

/// What is done to a session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    /// It is ended; its page may come back.
    Close,
    /// It is told something.
    Say { from: From, event: String, payload: Box<RawValue> },
}

/// Members of one room.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Crowd {
    pub room: String,
    pub members: Vec<Carried>,
}

/// A member that the node holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Carried {
    pub id: String,
    pub user: Option<String>,
    pub name: String,
    pub state: Box<RawValue>,
    pub version: u64,
}

/// Who says something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct From {
    pub id: Option<String>,
    pub name: String,
    pub session: Option<String>,
}
