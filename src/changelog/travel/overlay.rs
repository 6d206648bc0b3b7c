//! What must be put back to make an earlier state of the present one. Pure.
//!
//! Within one statement a key may pass from row to row (`update t set id = 3 - id`), so that a key seems to come before the row
//! goes that had it. Therefore whether a key was there is counted: it is now, plus how often it went, less how often it
//! came. What it was is the image of the first time that it went.

use super::TravelError;
use crate::hub::{Image, Row, Table};
use std::collections::HashMap;

/// Most bytes of keys and rows that are put back.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// What a key costs besides its text and that of its row.
const KEY_BYTES: usize = 96;

/// Changes to be taken back.
#[derive(Debug)]
pub(super) struct Overlay<'a> {
    table: &'a Table,
    places: Vec<usize>,
    keys: HashMap<Box<str>, Key>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Key {
    /// How often it went, less how often it came.
    went: i64,
    /// The row when it first went, and the number of that change.
    first: Option<(i64, Image)>,
}

/// What a key was.
#[derive(Clone, Debug)]
pub(super) enum Was {
    /// As it is.
    Same,
    /// Not there.
    Absent,
    /// Another row.
    Row(Image),
}

impl<'a> Overlay<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        let places = table.key.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name));
        Self { table, places: places.collect(), keys: HashMap::new(), bytes: 0 }
    }

    /// The key of a row, as text; none of an image that lacks a part of it.
    pub(super) fn key(&self, image: &Image) -> Option<Box<str>> {
        let row = Row::read(self.table, image).ok()?;
        key_of(&row, &self.places)
    }

    /// Takes back one change.
    pub(super) fn take(&mut self, seq: i64, old: Option<Image>, new: Option<Image>) -> Result<(), TravelError> {
        if let Some(new) = new {
            self.entry(&new)?.went -= 1;
        }
        if let Some(old) = old {
            let entry = self.entry(&old)?;
            entry.went += 1;
            let known = entry.first.as_ref().map(|(first, image)| (*first, image.get().len()));
            if known.is_none_or(|(first, _)| seq < first) {
                let bytes = old.get().len();
                entry.first = Some((seq, old));
                self.bytes = self.bytes + bytes - known.map_or(0, |(_, bytes)| bytes);
            }
        }
        if self.bytes > MAX_BYTES {
            return Err(TravelError::TooMuch("more rows have changed since then than are put back at once"));
        }
        Ok(())
    }

    fn entry(&mut self, image: &Image) -> Result<&mut Key, TravelError> {
        // The key is of before the table was altered in a way that nobody noticed.
        let key = self.key(image).ok_or(TravelError::Altered)?;
        if !self.keys.contains_key(&key) {
            self.bytes += key.len() + KEY_BYTES;
        }
        Ok(self.keys.entry(key).or_default())
    }

    /// What a key that is there now was. Each is asked once.
    pub(super) fn was(&mut self, key: &str) -> Was {
        match self.keys.remove(key) {
            None => Was::Same,
            Some(Key { went, first: Some((_, image)) }) if went >= 0 => Was::Row(image),
            Some(_) => Was::Absent,
        }
    }

    /// The rows of all keys that were not asked for: they are not there now.
    pub(super) fn gone(self) -> impl Iterator<Item = Image> {
        self.keys.into_values().filter(|key| key.went >= 1).filter_map(|key| Some(key.first?.1))
    }
}

fn key_of(row: &Row, places: &[usize]) -> Option<Box<str>> {
    let mut text = String::new();
    for place in places {
        // JSON texts beside each other cannot be taken for others: each says where it ends.
        text.push_str(row.value(*place)?);
        text.push(',');
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Column, Kind};
    use serde_json::value::RawValue;

    fn table() -> Table {
        Table {
            key: vec!["id".to_owned()],
            columns: vec![Column::new("id", "integer", Kind::Int4), Column::new("v", "text", Kind::Text)],
            ..Table::named(1, "public", "t")
        }
    }

    fn image(id: i32, v: &str) -> Image {
        RawValue::from_string(format!(r#"{{"id":{id},"v":"{v}"}}"#)).expect("JSON").into()
    }

    /// Key and value.
    type Short<'a> = (i32, &'a str);

    /// What was there, from what is there and what happened: pairs of rows before and after, in order.
    fn before(now: &[Short<'_>], happened: &[(Option<Short<'_>>, Option<Short<'_>>)]) -> Vec<String> {
        let table = table();
        let mut overlay = Overlay::of(&table);
        // In any order: here, the wrong one.
        for (seq, (old, new)) in happened.iter().enumerate().rev() {
            let of = |row: &Option<(i32, &str)>| row.map(|(id, v)| image(id, v));
            overlay.take(seq as i64, of(old), of(new)).expect("fits");
        }
        let mut rows = Vec::new();
        for (id, v) in now {
            let image = image(*id, v);
            match overlay.was(&overlay.key(&image).expect("has a key")) {
                Was::Same => rows.push(image),
                Was::Row(was) => rows.push(was),
                Was::Absent => {}
            }
        }
        rows.extend(overlay.gone());
        let mut texts: Vec<String> = rows.iter().map(|row| row.get().replace('"', "")).collect();
        texts.sort();
        texts
    }

    #[test]
    fn the_first_later_change_of_a_key_says_what_it_was() {
        let updates = [(Some((1, "a")), Some((1, "b"))), (Some((1, "b")), Some((1, "c")))];
        assert_eq!(before(&[(1, "c"), (2, "x")], &updates), ["{id:1,v:a}", "{id:2,v:x}"]);
        assert_eq!(before(&[(1, "b")], &[(None, Some((1, "b")))]), Vec::<String>::new());
        assert_eq!(before(&[], &[(Some((1, "a")), None)]), ["{id:1,v:a}"]);
        let again = [(Some((1, "a")), None), (None, Some((1, "b"))), (Some((1, "b")), None)];
        assert_eq!(before(&[], &again), ["{id:1,v:a}"]);
        let came = [(None, Some((1, "a"))), (Some((1, "a")), None), (None, Some((1, "b")))];
        assert_eq!(before(&[(1, "b")], &came), Vec::<String>::new());
    }

    #[test]
    fn keys_that_pass_from_row_to_row_are_put_back() {
        let swap = [(Some((1, "a")), Some((2, "a"))), (Some((2, "b")), Some((1, "b")))];
        assert_eq!(before(&[(1, "b"), (2, "a")], &swap), ["{id:1,v:a}", "{id:2,v:b}"]);
        // Rows that differ in nothing but the key that moves on.
        let shift = [(Some((1, "x")), Some((2, "x"))), (Some((2, "x")), Some((3, "x")))];
        assert_eq!(before(&[(2, "x"), (3, "x")], &shift), ["{id:1,v:x}", "{id:2,v:x}"]);
        let renamed = [(Some((1, "a")), Some((5, "a"))), (Some((5, "a")), Some((5, "b")))];
        assert_eq!(before(&[(5, "b")], &renamed), ["{id:1,v:a}"]);
    }

    #[test]
    fn a_row_without_its_key_is_an_altered_table() {
        let table = table();
        let strange: Image = RawValue::from_string(r#"{"v":"a"}"#.to_owned()).expect("JSON").into();
        assert!(matches!(Overlay::of(&table).take(1, Some(strange), None), Err(TravelError::Altered)));
    }
}
