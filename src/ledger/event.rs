//! Events: as they are given, and as they are recorded.

use super::{LedgerError, limits};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow};

/// Something that has happened, to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Its type.
    pub kind: String,
    /// Which version of its type's form the data has, from 1 on.
    pub schema: i16,
    /// What there is to know about it. Numbers are read as JSON numbers are in Rust: what needs all of its digits is text.
    pub data: Value,
}

/// About whom and what an event tells besides its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The id of whoever did it, as a [`Principal`](crate::hub::Principal) has it; none for the system itself.
    pub who: Option<String>,
    /// What they were called then.
    pub who_name: String,
    /// What led to it: a command, or another event.
    pub cause: Option<String>,
    /// What it belongs to, together with others.
    pub correlation: Option<String>,
}

/// An event in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Grows with the version within a stream, and across streams from an event to whatever followed from it. Has gaps.
    pub seq: i64,
    /// In which stream.
    pub stream: String,
    /// Its number there: 1, 2, 3 and so on, without gaps.
    pub version: i64,
    /// Its type.
    pub kind: String,
    /// Which version of its type's form the data has.
    pub schema: i16,
    /// What there is to know about it.
    pub data: Value,
    /// By whom and why.
    pub metadata: Metadata,
    /// What the clock said, ISO 8601 in UTC as Postgres' `row_to_json` writes it. It never says what came first: clocks jump.
    pub at: String,
}

/// Where a stream must be for events to be appended to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anywhere.
    Any,
    /// It must not be there yet.
    New,
    /// At this version; 0 is the same as [`New`](Self::New).
    Version(i64),
}

/// How much of a stream is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// All of it.
    Latest,
    /// Up to and with this version.
    Version(i64),
    /// As it was at this time (ISO 8601; UTC unless it says otherwise): up to the last event that was recorded no later. So an
    /// event counts as no later than those that follow it, whatever the clock said of it: a clock that was ahead for
    /// a while hides nothing that came after, and the time of the newest event shows everything.
    Time(String),
}

impl Until {
    /// As statements take it: a version, a time.
    pub(super) fn bounds(&self) -> (Option<i64>, Option<&str>) {
        match self {
            Self::Latest => (None, None),
            Self::Version(version) => (Some(*version), None),
            Self::Time(time) => (None, Some(time)),
        }
    }
}

impl NewEvent {
    /// Why it cannot be kept, if it cannot.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        if self.kind.is_empty() || self.kind.len() > limits::TYPE_BYTES || self.kind.contains('\0') {
            return Some("its type must have between 1 and 100 bytes");
        }
        if self.schema < 1 {
            return Some("versions of its type's form begin at 1");
        }
        flaw_of(&self.data, 0)
    }
}

/// Why a value cannot be kept as `jsonb` and be read again.
fn flaw_of(value: &Value, depth: usize) -> Option<&'static str> {
    if depth > limits::DATA_DEPTH {
        return Some("its data is nested too deeply");
    }
    let flaw_of_text = |text: &str| {
        text.contains('\0').then_some("its data has a text with the character zero, which Postgres cannot keep")
    };
    match value {
        Value::String(text) => flaw_of_text(text),
        Value::Array(items) => items.iter().find_map(|item| flaw_of(item, depth + 1)),
        Value::Object(fields) => {
            fields.iter().find_map(|(name, field)| flaw_of_text(name).or_else(|| flaw_of(field, depth + 1)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// A row of a statement that reads events.
pub(super) fn recorded(row: &PgRow) -> Result<Recorded, LedgerError> {
    let (stream, version): (String, i64) = (row.try_get("stream")?, row.try_get("version")?);
    let data: &str = row.try_get("data")?;
    let data = serde_json::from_str(data)
        .map_err(|error| LedgerError::Unexpected(format!("the data of event {version} of {stream}: {error}")))?;
    let metadata = Metadata {
        who: row.try_get("who")?,
        who_name: row.try_get("who_name")?,
        cause: row.try_get("cause")?,
        correlation: row.try_get("correlation")?,
    };
    Ok(Recorded {
        seq: row.try_get("seq")?,
        stream,
        version,
        kind: row.try_get("type")?,
        schema: row.try_get("schema")?,
        data,
        metadata,
        at: row.try_get("at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flaw(kind: &str, schema: i16, data: Value) -> Option<&'static str> {
        NewEvent { kind: kind.to_owned(), schema, data }.flaw()
    }

    #[test]
    fn what_postgres_cannot_keep_is_known_before_it_is_asked() {
        assert_eq!(flaw("a", 1, json!({ "a": [1, "x", null, { "b": true }] })), None);
        assert!(flaw("", 1, json!({})).is_some());
        assert!(flaw(&"x".repeat(101), 1, json!({})).is_some());
        assert!(flaw("a", 0, json!({})).is_some());
        assert!(flaw("a", 1, json!({ "a": ["\0"] })).is_some());
        assert!(flaw("a", 1, json!({ "\0": 1 })).is_some());
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        assert!(flaw("a", 1, deep).is_some());
    }
}
