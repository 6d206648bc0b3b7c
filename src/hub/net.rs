//! Net change: many changes of one row become the one change that a reader needs who stood before them all.
//!
//! The order of changes is the commit order of *each row*; within one transaction a key may pass from row to row
//! (`update t set id = 3 - id` swaps two keys in one statement), so a key may see an insert before the delete of the row
//! that had it. Rows are therefore told apart by their content: a delete takes away the image that it names. A row that
//! reads differently because columns came or went since it was written is recognised by that.

use super::{Image, Operation, RowChange, Table, TableId};
use crate::protocol::Change;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

/// What a reader of a whole table must do to get from one position to a later one.
#[derive(Debug, Default)]
pub struct Net {
    truncated: bool,
    keys: HashMap<String, Key>,
    /// Keys in the order in which they were first touched.
    order: Vec<String>,
}

#[derive(Debug)]
struct Key {
    /// The key as a JSON object.
    object: Box<RawValue>,
    /// Whether the reader has a row of this key: known once a change has shown it.
    held_before: bool,
    /// Images written since, that have not been taken away again.
    written: Vec<Image>,
}

/// Folds changes of `table` that a reader at one position has not seen; changes of other tables are passed over.
///
/// # Errors
/// The text of a row is not a JSON object with all the key columns, which means that the table was altered without being
/// tracked anew.
pub fn net<'a>(table: &Table, changes: impl IntoIterator<Item = &'a RowChange>) -> Result<Net, MissingKey> {
    let mut net = Net::default();
    for change in changes.into_iter().filter(|change| change.table == table.id) {
        match &change.operation {
            Operation::Insert { new } => net.write(table, new)?,
            Operation::Delete { old } => net.take(table, old)?,
            Operation::Update { old, new } => {
                net.take(table, old)?;
                net.write(table, new)?;
            }
            Operation::Truncate => net.truncate(),
            // No net change says so: whoever has the table is brought up again.
            Operation::Reload => {}
        }
    }
    Ok(net)
}

/// A row's text lacks a column of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of table {table} has no column {column:?} of its key")]
pub struct MissingKey {
    table: TableId,
    column: String,
}

impl Net {
    /// Whether the reader has nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes().is_empty()
    }

    /// The changes for the wire, in an order in which they can be applied one by one.
    pub fn changes(&self) -> Vec<Change<'_>> {
        let mut changes = Vec::with_capacity(self.order.len() + 1);
        if self.truncated {
            changes.push(Change::Truncate);
        }
        for key in self.order.iter().filter_map(|key| self.keys.get(key)) {
            let held = key.held_before && !self.truncated;
            match (held, key.written.last()) {
                (true, Some(row)) => changes.push(Change::Update { row }),
                (false, Some(row)) => changes.push(Change::Insert { row }),
                (true, None) => changes.push(Change::Delete { key: Cow::Borrowed(&key.object) }),
                (false, None) => {}
            }
        }
        changes
    }

    fn write(&mut self, table: &Table, new: &Image) -> Result<(), MissingKey> {
        self.key(table, new)?.written.push(new.clone());
        Ok(())
    }

    fn take(&mut self, table: &Table, old: &Image) -> Result<(), MissingKey> {
        let key = self.key(table, old)?;
        let same = key.written.iter().position(|image| image.get() == old.get());
        // The text of a row that nobody touched changes when its table is altered. Of one statement all images have the
        // same columns, so this cannot take the row for the one that took over its key.
        let altered = || key.written.iter().position(|image| key.held_before || columns(image) != columns(old));
        match same.or_else(altered) {
            Some(index) => drop(key.written.remove(index)),
            // Not written since: it is the row that the reader has.
            None => key.held_before = true,
        }
        Ok(())
    }

    fn truncate(&mut self) {
        self.truncated = true;
        self.keys.clear();
        self.order.clear();
    }

    fn key(&mut self, table: &Table, row: &RawValue) -> Result<&mut Key, MissingKey> {
        let object = key_object(table, row)?;
        let text = object.get().to_owned();
        Ok(self.keys.entry(text).or_insert_with_key(|text| {
            self.order.push(text.clone());
            Key { object, held_before: false, written: Vec::new() }
        }))
    }
}

/// The names of a row's columns; none if it is not an object, which the search for its key has ruled out.
fn columns(row: &RawValue) -> BTreeSet<Cow<'_, str>> {
    let columns: HashMap<Cow<'_, str>, IgnoredAny> = serde_json::from_str(row.get()).unwrap_or_default();
    columns.into_keys().collect()
}

/// The key columns of a row, as an object in the order of the key.
fn key_object(table: &Table, row: &RawValue) -> Result<Box<RawValue>, MissingKey> {
    let missing = |column: &str| MissingKey { table: table.id, column: column.to_owned() };
    let first = table.key.first().map_or("", String::as_str);
    let columns: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(row.get()).map_err(|_| missing(first))?;
    let mut object = String::from("{");
    for (index, column) in table.key.iter().enumerate() {
        let value = columns.get(column.as_str()).ok_or_else(|| missing(column))?;
        if index > 0 {
            object.push(',');
        }
        object.push_str(&serde_json::to_string(column).expect("a string"));
        object.push(':');
        object.push_str(value.get());
    }
    object.push('}');
    RawValue::from_string(object).map_err(|_| missing(first))
}
