//! From events as Rust types to events as the ledger keeps them, and back.
//!
//! What is in the ledger stays as it was written, and types change. So each type of event has a *schema version*, and what is
//! older than the current one is brought forward when it is read, one step for each version.

use super::{LedgerError, NewEvent, Recorded};
use serde_json::Value;

/// Why an event cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nobody here knows its type.
    #[error("events of the type {0:?} are not known here; a newer program may have written it")]
    UnknownType(String),
    /// Its form is newer than what is known here.
    #[error(
        "it is a {kind} in form {schema}, and only forms up to {known} are known here: a newer program has written it"
    )]
    Newer {
        /// Its type.
        kind: String,
        /// Which form it has.
        schema: i16,
        /// The newest that is known.
        known: i16,
    },
    /// Its data does not have the form that it should have.
    #[error("its data is not that of a {kind}: {why}")]
    Malformed {
        /// Its type.
        kind: String,
        /// Why not.
        why: String,
    },
}

/// A set of types of events: those of one kind of stream.
pub trait Events: Sized {
    /// The type of this event, as the ledger names it.
    fn kind(&self) -> &'static str;

    /// The current schema version of a type, from 1 on.
    fn schema(kind: &str) -> i16;

    /// What there is to know about this event, in the current form.
    fn encode(&self) -> Value;

    /// Reads an event, whichever form it has; [`upcast`] is for those that are older.
    fn decode(kind: &str, schema: i16, data: Value) -> Result<Self, DecodeError>;

    /// This event as it is appended.
    fn to_new(&self) -> NewEvent {
        NewEvent { kind: self.kind().to_owned(), schema: Self::schema(self.kind()), data: self.encode() }
    }
}

/// Brings data of an older form to the current one, one step at a time. `step` makes of data in the form it is given that in
/// the next one, and says why if it cannot.
pub fn upcast(
    kind: &str,
    schema: i16,
    current: i16,
    data: Value,
    step: impl Fn(i16, Value) -> Result<Value, String>,
) -> Result<Value, DecodeError> {
    if schema > current {
        return Err(DecodeError::Newer { kind: kind.to_owned(), schema, known: current });
    }
    (schema..current)
        .try_fold(data, |data, from| step(from, data))
        .map_err(|why| DecodeError::Malformed { kind: kind.to_owned(), why })
}

impl Recorded {
    /// The event as a Rust type.
    pub fn decode<E: Events>(&self) -> Result<E, LedgerError> {
        E::decode(&self.kind, self.schema, self.data.clone()).map_err(|cause| LedgerError::Unreadable {
            stream: self.stream.clone(),
            version: self.version,
            cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn step(from: i16, data: Value) -> Result<Value, String> {
        let mut seen = data.as_array().cloned().ok_or("is not a list")?;
        seen.push(json!(from));
        Ok(Value::Array(seen))
    }

    proptest! {
        #[test]
        fn an_older_form_takes_every_step_once_and_in_order(schema in 1..20i16, more in 0..20i16) {
            let current = schema + more;
            let steps: Vec<i16> = (schema..current).collect();
            prop_assert_eq!(upcast("a", schema, current, json!([]), step), Ok(json!(steps)));
        }
    }

    #[test]
    fn what_a_newer_program_wrote_is_not_guessed_at() {
        let newer = DecodeError::Newer { kind: "a".into(), schema: 3, known: 2 };
        assert_eq!(upcast("a", 3, 2, json!([]), step), Err(newer));
    }

    #[test]
    fn a_step_that_fails_says_why() {
        let why = "is not a list".to_owned();
        assert_eq!(upcast("a", 1, 2, json!({}), step), Err(DecodeError::Malformed { kind: "a".into(), why }));
    }
}
