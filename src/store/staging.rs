//! The frames of one subscription between their arrival and their commit.
//!
//! Invariant: [`Staging::commit`] yields either nothing, or everything since the last commit, and never part of a
//! snapshot.

use super::LiveRow;
use crate::protocol::Change;
use serde_json::value::RawValue;

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

/// Decoded frames that wait for a position.
#[derive(Debug)]
pub struct Staging<T: LiveRow> {
    /// Chunks of a snapshot whose last one has not arrived.
    partial: Option<Vec<T>>,
    /// What the next commit yields.
    pending: Vec<RowChange<T>>,
}

impl<T: LiveRow> Default for Staging<T> {
    fn default() -> Self {
        Self { partial: None, pending: Vec::new() }
    }
}

impl<T: LiveRow> Staging<T> {
    /// Adds a chunk of a snapshot. With the last chunk, the snapshot replaces everything that was pending.
    pub fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error> {
        let partial = self.partial.get_or_insert_default();
        for row in rows {
            partial.push(serde_json::from_str(row.get())?);
        }
        if !more {
            let rows = self.partial.take().unwrap_or_default();
            self.pending = vec![RowChange::Replace(rows)];
        }
        Ok(())
    }

    /// Adds changes.
    pub fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error> {
        for change in changes {
            self.pending.push(match change {
                Change::Insert { row } => RowChange::Insert(serde_json::from_str(row.get())?),
                Change::Update { row } => RowChange::Update(serde_json::from_str(row.get())?),
                Change::Delete { key } => RowChange::Delete(serde_json::from_str(key.get())?),
                Change::Truncate => RowChange::Replace(Vec::new()),
            });
        }
        Ok(())
    }

    /// Yields what the position just received makes visible.
    pub fn commit(&mut self) -> Vec<RowChange<T>> {
        std::mem::take(&mut self.pending)
    }

    /// Forgets everything that was not committed: the connection is gone, or a new snapshot is coming.
    pub fn discard(&mut self) {
        self.partial = None;
        self.pending.clear();
    }
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
