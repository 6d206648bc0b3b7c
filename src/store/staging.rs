//! The frames of one subscription between their arrival and their commit.
//!
//! Invariant: [`Staging::commit`] yields either nothing, or everything since the last commit, and never part of a
//! snapshot.

use super::{
    LiveRow,
    place::{Place, Sorting},
};
use crate::protocol::Change;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// One committed change, in the terms of the row type.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange<T: LiveRow> {
    /// A row that must not be there yet.
    Insert(T),
    /// A row that must be there.
    Update(T),
    /// A key that must be there.
    Delete(T::Key),
    /// These are all the rows, whatever there was before.
    Replace(Vec<T>),
}

/// Where rows stand in the subscription's order, if it has one.
pub(super) type Places<T> = HashMap<<T as LiveRow>::Key, Place>;

/// Decoded frames that wait for a position.
#[derive(Debug)]
pub struct Staging<T: LiveRow> {
    sorting: Sorting,
    /// Chunks of a snapshot whose last one has not arrived.
    partial: Option<(Vec<T>, Places<T>)>,
    /// What the next commit yields.
    pending: Vec<RowChange<T>>,
    /// Where the rows of `pending` stand, after all of it.
    places: Places<T>,
}

impl<T: LiveRow> Default for Staging<T> {
    fn default() -> Self {
        Self::sorted(Sorting::default())
    }
}

impl<T: LiveRow> Staging<T> {
    /// For rows that have an order.
    pub(super) fn sorted(sorting: Sorting) -> Self {
        Self { sorting, partial: None, pending: Vec::new(), places: HashMap::new() }
    }

    pub(super) fn sorting(&self) -> &Sorting {
        &self.sorting
    }

    pub(super) fn keyed(&mut self, key: &[String]) {
        self.sorting.keyed(key);
    }

    /// Adds a chunk of a snapshot. With the last chunk, the snapshot replaces everything that was pending.
    pub fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error> {
        let (partial, places) = self.partial.get_or_insert_default();
        for row in rows {
            partial.push(read(&self.sorting, row, places)?);
        }
        if !more {
            let (rows, places) = self.partial.take().unwrap_or_default();
            self.pending = vec![RowChange::Replace(rows)];
            self.places = places;
        }
        Ok(())
    }

    /// Adds changes.
    pub fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error> {
        for change in changes {
            self.pending.push(match change {
                Change::Insert { row } => RowChange::Insert(read(&self.sorting, row, &mut self.places)?),
                Change::Update { row } => RowChange::Update(read(&self.sorting, row, &mut self.places)?),
                Change::Delete { key } => RowChange::Delete(T::read_key(key)?),
                Change::Truncate => RowChange::Replace(Vec::new()),
            });
        }
        Ok(())
    }

    /// Yields what the position just received makes visible.
    pub fn commit(&mut self) -> Vec<RowChange<T>> {
        std::mem::take(&mut self.pending)
    }

    /// Where the rows of the last commit stand.
    pub(super) fn take_places(&mut self) -> Places<T> {
        std::mem::take(&mut self.places)
    }

    /// Forgets everything that was not committed: the connection is gone, or a new snapshot is coming.
    pub fn discard(&mut self) {
        self.partial = None;
        self.pending.clear();
        self.places.clear();
    }
}

fn read<T: LiveRow>(sorting: &Sorting, text: &RawValue, places: &mut Places<T>) -> Result<T, serde_json::Error> {
    let row = T::read(text, sorting.key())?;
    if sorting.sorts() {
        places.insert(row.key(), sorting.place(text)?);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::row::tests::{Item, ItemKey, item};

    fn raw(json: &[String]) -> Vec<&RawValue> {
        json.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    #[test]
    fn a_commit_in_the_middle_of_a_snapshot_shows_nothing_of_it() {
        let mut staging = Staging::<Item>::default();
        let rows = [r#"{"id":1,"name":"a"}"#.to_owned()];
        staging.snapshot(&raw(&rows), true).expect("decodes");
        assert_eq!(staging.commit(), vec![]);
        let rows = [r#"{"id":2,"name":"b"}"#.to_owned()];
        staging.snapshot(&raw(&rows), false).expect("decodes");
        assert_eq!(staging.commit(), vec![RowChange::Replace(vec![item(1, "a"), item(2, "b")])]);
        assert_eq!(staging.commit(), vec![]);
    }

    #[test]
    fn changes_after_a_snapshot_come_after_it() {
        let mut staging = Staging::<Item>::default();
        staging.snapshot(&[], false).expect("decodes");
        let key = r#"{"id":9}"#.to_owned();
        let key: &RawValue = serde_json::from_str(&key).expect("JSON");
        staging.changes(&[Change::Delete { key: std::borrow::Cow::Borrowed(key) }]).expect("decodes");
        assert_eq!(staging.commit(), vec![RowChange::Replace(vec![]), RowChange::Delete(ItemKey { id: 9 })]);
    }

    #[test]
    fn what_was_not_committed_is_forgotten_with_its_connection() {
        let mut staging = Staging::<Item>::default();
        let rows = [r#"{"id":1,"name":"a"}"#.to_owned()];
        staging.snapshot(&raw(&rows), true).expect("decodes");
        staging.changes(&[Change::Truncate]).expect("decodes");
        staging.discard();
        assert_eq!(staging.commit(), vec![]);
        staging.snapshot(&[], false).expect("decodes");
        assert_eq!(staging.commit(), vec![RowChange::Replace(vec![])]);
    }
}
