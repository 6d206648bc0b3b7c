//! Rows without a type: for pages that learn only while they run which table it is, and which columns that has.
//!
//! ```
//! use rowcast::{protocol::Subscribe, store::{AnyRow, Query}};
//!
//! let question: Subscribe = serde_json::from_str(r#"{"id":"","table":"shop.parts","where":"weight > 2","limit":50}"#)?;
//! let parts: Query<AnyRow> = Query::asking(question);
//! # Ok::<(), serde_json::Error>(())
//! ```

use super::{LiveRow, place};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

/// A row as the database wrote it, all digits of its numbers included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnyRow {
    key: AnyKey,
    text: Box<str>,
}

/// What tells a row from all others of an answer: the columns of its key with their values, as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AnyKey(Box<str>);

/// An object's values as they are written. In no order.
#[derive(Deserialize)]
#[serde(transparent)]
struct Values<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, &'a RawValue>);

/// The same in the order of their names, whatever the order that they were written in.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Sorted<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

impl AnyRow {
    /// The whole row: one JSON object.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values of some columns, each as its JSON text; `null` for those that the row does not have. Of totals, a column is a
    /// path: `["sum", "quantity"]`.
    pub fn values<P: AsRef<[S]>, S: AsRef<str>>(&self, paths: &[P]) -> Vec<Box<str>> {
        let Ok(Values(row)) = serde_json::from_str(&self.text) else { return vec![Box::from("null"); paths.len()] };
        let mut inner: HashMap<&str, HashMap<Cow<'_, str>, &RawValue>> = HashMap::new();
        paths
            .iter()
            .map(|path| {
                let found = match path.as_ref() {
                    [column] => row.get(column.as_ref()).copied(),
                    [part, column] => inner
                        .entry(part.as_ref())
                        .or_insert_with(|| {
                            let part = row.get(part.as_ref()).map(|part| serde_json::from_str(part.get()));
                            part.and_then(Result::ok).map(|Values(part)| part).unwrap_or_default()
                        })
                        .get(column.as_ref())
                        .copied(),
                    _ => None,
                };
                Box::from(found.map_or("null", RawValue::get))
            })
            .collect()
    }

    /// Which of two values comes first in the order of the engine, for values as [`values`](Self::values) has them: numbers with all
    /// their digits, text by its bytes, nulls last.
    pub fn compare(a: &str, b: &str) -> Ordering {
        place::compare_texts(a, b)
    }
}

impl AnyKey {
    /// The key as one JSON object.
    pub fn text(&self) -> &str {
        &self.0
    }

    fn of(values: &Sorted<'_>) -> Result<Self, serde_json::Error> {
        serde_json::to_string(values).map(|text| Self(text.into()))
    }
}

impl LiveRow for AnyRow {
    /// None of its own: the question names it.
    const TABLE: &'static str = "";
    type Key = AnyKey;

    fn key(&self) -> AnyKey {
        self.key.clone()
    }

    fn read(text: &RawValue, key: &[String]) -> Result<Self, serde_json::Error> {
        let Values(values) = serde_json::from_str(text.get())?;
        let parts = key
            .iter()
            .filter_map(|column| values.get(column.as_str()).map(|value| (Cow::Borrowed(column.as_str()), *value)));
        Ok(Self { key: AnyKey::of(&Sorted(parts.collect()))?, text: text.get().into() })
    }

    fn read_key(text: &RawValue) -> Result<AnyKey, serde_json::Error> {
        AnyKey::of(&serde_json::from_str(text.get())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::Change,
        store::{RowChange, Staging},
    };

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).expect("JSON")
    }

    fn row(text: &str, key: &[&str]) -> AnyRow {
        AnyRow::read(raw(text), &key.iter().map(|&column| column.to_owned()).collect::<Vec<_>>()).expect("reads")
    }

    #[test]
    fn a_row_is_known_again_by_its_key_in_whichever_order_that_is_written() {
        let line = row(r#"{"order_id":7,"name":"x","line":1.50}"#, &["order_id", "line"]);
        let gone = AnyRow::read_key(raw(r#"{"order_id":7,"line":1.50}"#)).expect("reads");
        assert_eq!(line.key(), gone);
        assert_eq!(gone, AnyRow::read_key(raw(r#"{"line":1.50,"order_id":7}"#)).expect("reads"));
        assert_ne!(gone, AnyRow::read_key(raw(r#"{"line":1.5,"order_id":7}"#)).expect("reads"));
    }

    #[test]
    fn values_are_as_they_were_written_and_what_is_not_there_is_null() {
        let one = row(r#"{"id":123456789012345678901234567890,"größe \"x\"":"a\nb","t":{"a":[1, 2]}}"#, &["id"]);
        assert_eq!(
            one.values(&[["id"], ["größe \"x\""], ["t"], ["none"]]).join("|"),
            "123456789012345678901234567890|\"a\\nb\"|{\"a\":[1, 2]}|null"
        );
        let totals = row(r#"{"group":{"city":"Ulm"},"count":3,"sum":{"n":1.10},"avg":null}"#, &["group"]);
        let paths: [&[&str]; 5] = [&["group", "city"], &["count"], &["sum", "n"], &["sum", "none"], &["avg", "n"]];
        assert_eq!(totals.values(&paths).join("|"), "\"Ulm\"|3|1.10|null|null");
        assert_eq!(totals.key(), AnyRow::read_key(raw(r#"{"group":{"city":"Ulm"}}"#)).expect("reads"));
    }

    #[test]
    fn they_travel_in_a_page_and_come_out_as_they_were() {
        let one = row(r#"{"id":1,"text":"a \" b"}"#, &["id"]);
        let carried = serde_json::to_string(&one).expect("writes");
        assert_eq!(serde_json::from_str::<AnyRow>(&carried).expect("reads"), one);
    }

    #[test]
    fn frames_are_read_with_the_key_that_the_server_has_told() {
        let mut staging = Staging::<AnyRow>::default();
        staging.keyed(&["id".to_owned()]);
        staging.snapshot(&[raw(r#"{"name":"a","id":5}"#)], false).expect("reads");
        staging.changes(&[Change::Delete { key: Cow::Borrowed(raw(r#"{"id":5}"#)) }]).expect("reads");
        let changes = staging.commit();
        let [RowChange::Replace(rows), RowChange::Delete(gone)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(rows[0].key(), *gone);
    }
}
