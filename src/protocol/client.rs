//! What a client says.

use super::{ErrorCode, MAX_ID_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// One frame from a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Wants the rows of a table, now and from now on.
    Subscribe(Box<Subscribe>),
    /// Wants no more of subscription `id`.
    Unsubscribe {
        /// The id given in `subscribe`.
        id: String,
    },
    /// Wants to be in a room: to be seen there, and to hear what is said. In a room already, it starts over.
    Join {
        /// The room's name.
        room: String,
        /// What the others see of this page, any JSON.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<Value>,
        /// A name that the page has made up for itself, to be known again when it comes back after a loss.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<String>,
        /// Asks for an `ack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Changes what the others see of this page.
    State {
        /// A room that it has joined.
        room: String,
        /// Any JSON.
        state: Value,
        /// Asks for an `ack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Wants to be in a room no longer.
    Leave {
        /// A room that it has joined.
        room: String,
        /// Asks for an `ack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Says something to everybody in a room.
    Publish {
        /// A room that it has joined.
        room: String,
        /// What kind of thing.
        event: String,
        /// Any JSON.
        payload: Value,
        /// Wants to hear it, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        echo: bool,
        /// Asks for an `ack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Says something to one person, on all their pages.
    Direct {
        /// The person's id.
        to: String,
        /// What kind of thing.
        event: String,
        /// Any JSON.
        payload: Value,
        /// Asks for an `ack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Says something to everybody who is connected.
    Broadcast {
        /// What kind of thing.
        event: String,
        /// Any JSON.
        payload: Value,
        /// Asks for an `ack`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Wants a `pong` with the same `t`.
    Ping {
        /// The client's own clock; the server only sends it back.
        t: Number,
    },
}

/// The body of a `subscribe` frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscribe {
    /// The client's name for this subscription, unique on its connection, at most [`MAX_ID_BYTES`] bytes.
    pub id: String,
    /// `schema.table`, or `table` alone for the schema `public`.
    pub table: String,
    /// The columns wanted; `None` for all. Those of the primary key always come along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// A filter: a boolean expression in SQL, with `$1…` for [`params`](Self::params).
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Values for the filter's `$1…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Value>,
    /// Only the first [`limit`](Self::limit) rows in this order, ties in the order of the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<OrderBy>,
    /// How many rows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Totals instead of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
    /// Totals for each combination of values of these columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// Where to continue from, to resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// One column of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderBy {
    /// Which column.
    pub column: String,
    /// From large to small.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub desc: bool,
    /// Where nulls are. As in SQL, they count as larger than everything unless this says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls: Option<Nulls>,
}

/// Where nulls are in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
}

/// Which totals of each group. A row of totals is `{"group":{…},"count":3,"sum":{"quantity":12},…}`, keyed by `group`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Aggregate {
    /// How many rows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub count: bool,
    /// Sums of these columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sum: Vec<String>,
    /// Smallest values of these columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub min: Vec<String>,
    /// Largest values of these columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub max: Vec<String>,
    /// Averages of these columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub avg: Vec<String>,
}

/// Why a frame was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    /// The subscription that the frame was about, where that much could be read.
    pub id: Option<String>,
    /// What it wanted to be answered with, where that much could be read.
    pub r#ref: Option<String>,
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

impl ClientFrame {
    /// Types that a client may send.
    const TYPES: [&str; 9] =
        ["subscribe", "unsubscribe", "join", "state", "leave", "publish", "direct", "broadcast", "ping"];

    /// Reads one text frame. Unknown fields are ignored.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        #[derive(Deserialize)]
        struct Head {
            r#type: String,
            id: Option<String>,
            r#ref: Option<String>,
        }
        let head: Head = serde_json::from_str(text).map_err(|error| FrameError {
            id: None,
            r#ref: None,
            code: ErrorCode::MalformedFrame,
            message: format!("a frame is one JSON object with a string \"type\": {error}"),
        })?;
        let id = head.id.filter(|id| id.len() <= MAX_ID_BYTES);
        let r#ref = head.r#ref.filter(|name| name.len() <= MAX_ID_BYTES);
        if !Self::TYPES.contains(&head.r#type.as_str()) {
            let shown: String = head.r#type.chars().take(MAX_ID_BYTES).collect();
            return Err(FrameError {
                id,
                r#ref,
                code: ErrorCode::UnknownType,
                message: format!("{shown:?} is not a type of frame; this server knows {}", Self::TYPES.join(", ")),
            });
        }
        serde_json::from_str(text).map_err(|error| FrameError {
            id,
            r#ref,
            code: ErrorCode::MalformedFrame,
            message: format!("the {} frame is not as it should be: {error}", head.r#type),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> ErrorCode {
        ClientFrame::parse(text).expect_err("should be refused").code
    }

    #[test]
    fn a_subscribe_frame_is_read_as_documented() {
        let text = r#"{"type":"subscribe","id":"s1","table":"public.products","columns":["id"],"where":"quantity < $1","params":[10],"position":"a.1","later":true}"#;
        let Ok(ClientFrame::Subscribe(subscribe)) = ClientFrame::parse(text) else { panic!("not a subscribe") };
        assert_eq!((subscribe.id.as_str(), subscribe.table.as_str()), ("s1", "public.products"));
        assert_eq!(subscribe.filter.as_deref(), Some("quantity < $1"));
        assert_eq!(subscribe.position.as_deref(), Some("a.1"));
    }

    #[test]
    fn garbage_is_told_apart_from_unknown_types() {
        for text in [
            "",
            "nonsense",
            "[]",
            "null",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"ping","t":"x"}"#,
            "\u{0}",
        ] {
            assert_eq!(code_of(text), ErrorCode::MalformedFrame, "{text:?}");
        }
        assert_eq!(code_of(r#"{"type":"dance","id":"x"}"#), ErrorCode::UnknownType);
    }

    #[test]
    fn an_error_names_the_subscription_it_is_about() {
        let error = ClientFrame::parse(r#"{"type":"subscribe","id":"s9"}"#).expect_err("no table");
        assert_eq!(error.id.as_deref(), Some("s9"));
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        let text = format!(r#"{{"type":"subscribe","id":"a","table":"t","params":{}"#, "[".repeat(100_000));
        assert_eq!(code_of(&text), ErrorCode::MalformedFrame);
    }
}
