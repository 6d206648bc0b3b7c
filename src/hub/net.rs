//! Net change: many changes of one row become the one change that a reader needs who stood before them all.
//!
//! The order of changes is the commit order of *each row*; within one transaction a key may pass from row to row
//! (`update t set id = 3 - id` swaps two keys in one statement), so a key may see an insert before the delete of the row
//! that had it. Rows are therefore told apart by their content: a delete takes away the image that it names. A row that
//! reads differently because columns came or went since it was written is recognised by that.

use super::{Image, Operation, Row, RowChange, Table, TableId};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

/// What happened to the rows of a table from one position to a later one.
#[derive(Debug, Default)]
pub struct Net {
    truncated: bool,
    reload: bool,
    keys: HashMap<String, Key>,
    /// Keys in the order in which they were first touched.
    order: Vec<String>,
}

#[derive(Debug)]
struct Key {
    /// The key as a JSON object.
    object: Box<RawValue>,
    /// The row that was there before all changes: known once a change has shown it.
    before: Option<Row>,
    /// Rows written since, that have not been taken away again.
    written: Vec<Row>,
}

/// What became of one key.
#[derive(Clone, Copy, Debug)]
pub struct Touched<'a> {
    /// The key as a JSON object.
    pub key: &'a RawValue,
    /// The row that had it before.
    pub before: Option<&'a Row>,
    /// The row that has it now.
    pub after: Option<&'a Row>,
}

/// Folds changes of `table` that a reader at one position has not seen; changes of other tables are passed over.
///
/// # Errors
/// The text of a row is not a JSON object with all the key columns, which means that the table was altered without being
/// tracked anew.
pub fn net<'a>(table: &Table, changes: impl IntoIterator<Item = &'a RowChange>) -> Result<Net, MissingKey> {
    let mut net = Net::default();
    let places = key_places(table)?;
    for change in changes.into_iter().filter(|change| change.table == table.id) {
        match &change.operation {
            Operation::Insert { new } => net.write(table, &places, new)?,
            Operation::Delete { old } => net.take(table, &places, old)?,
            Operation::Update { old, new } => {
                net.take(table, &places, old)?;
                net.write(table, &places, new)?;
            }
            Operation::Truncate => net.truncate(),
            Operation::Reload => net.reload = true,
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
    /// Whether there is no telling what happened: the table must be read anew.
    pub fn must_reload(&self) -> bool {
        self.reload
    }

    /// Whether all rows went, before those that are touched here came.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        !self.truncated && !self.reload && self.rows().next().is_none()
    }

    /// The keys that have another row than before, in the order in which they were first touched.
    pub fn rows(&self) -> impl Iterator<Item = Touched<'_>> {
        self.order.iter().filter_map(|text| self.keys.get(text)).filter_map(|key| {
            let touched = Touched { key: &key.object, before: key.before.as_ref(), after: key.written.last() };
            (touched.before.is_some() || touched.after.is_some()).then_some(touched)
        })
    }

    fn write(&mut self, table: &Table, places: &[usize], new: &Image) -> Result<(), MissingKey> {
        let row = read(table, new)?;
        self.key(table, places, &row)?.written.push(row);
        Ok(())
    }

    fn take(&mut self, table: &Table, places: &[usize], old: &Image) -> Result<(), MissingKey> {
        let row = read(table, old)?;
        let key = self.key(table, places, &row)?;
        let same = key.written.iter().position(|own| own.image().get() == old.get());
        // The text of a row that nobody touched changes when its table is altered. Of one statement all images have the
        // same columns, so this cannot take the row for the one that took over its key.
        let altered =
            || key.written.iter().position(|own| key.before.is_some() || columns(own.image()) != columns(old));
        match same.or_else(altered) {
            Some(index) => drop(key.written.remove(index)),
            // Not written since: it is the row that was there.
            None => drop(key.before.get_or_insert(row)),
        }
        Ok(())
    }

    fn truncate(&mut self) {
        self.truncated = true;
        self.keys.clear();
        self.order.clear();
    }

    fn key(&mut self, table: &Table, places: &[usize], row: &Row) -> Result<&mut Key, MissingKey> {
        let object = key_object(table, places, row)?;
        let text = object.get().to_owned();
        Ok(self.keys.entry(text).or_insert_with_key(|text| {
            self.order.push(text.clone());
            Key { object, before: None, written: Vec::new() }
        }))
    }
}

fn missing(table: &Table, column: &str) -> MissingKey {
    MissingKey { table: table.id, column: column.to_owned() }
}

fn read(table: &Table, image: &Image) -> Result<Row, MissingKey> {
    Row::read(table, image).map_err(|_| missing(table, table.key.first().map_or("", String::as_str)))
}

/// The places of the key's columns in the table.
fn key_places(table: &Table) -> Result<Vec<usize>, MissingKey> {
    let place = |name: &String| {
        table.columns.iter().position(|column| column.name == *name).ok_or_else(|| missing(table, name))
    };
    table.key.iter().map(place).collect()
}

/// The names of a row's columns; none if it is not an object, which reading it has ruled out.
fn columns(row: &RawValue) -> BTreeSet<Cow<'_, str>> {
    let columns: HashMap<Cow<'_, str>, IgnoredAny> = serde_json::from_str(row.get()).unwrap_or_default();
    columns.into_keys().collect()
}

/// The key columns of a row, as an object in the order of the key.
fn key_object(table: &Table, places: &[usize], row: &Row) -> Result<Box<RawValue>, MissingKey> {
    let mut object = String::from("{");
    for (name, place) in table.key.iter().zip(places) {
        let value = row.value(*place).ok_or_else(|| missing(table, name))?;
        if object.len() > 1 {
            object.push(',');
        }
        object.push_str(&serde_json::to_string(name).expect("a string"));
        object.push(':');
        object.push_str(value);
    }
    object.push('}');
    RawValue::from_string(object).map_err(|_| missing(table, ""))
}
