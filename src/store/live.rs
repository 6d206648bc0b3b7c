//! Committed rows as signals, with optimistic edits laid over them.
//!
//! One signal per row: a changed cell touches one text node. One revision counter for everything that depends on the
//! rows as a set (order, totals): it moves once per commit, after all rows of the commit have their new values.
//!
//! What is shown of a row is its committed value with the edits on top that the server has not yet shown as committed.
//! An edit is lifted by the position that includes its transaction, so it is never shown twice and never flickers.

use super::{
    Initial, LiveRow, RowChange, Staging,
    replica::{Diverged, Sink},
    use_connection,
};
use crate::protocol::{Change, ErrorCode, Position};
use leptos::prelude::*;
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Where a subscription stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No rows yet.
    Loading,
    /// The rows shown are those of the last position; newer ones are on their way.
    CatchingUp,
    /// The rows shown are the current ones.
    Live,
    /// The server ended the subscription.
    Failed {
        /// For programs.
        code: ErrorCode,
        /// For people.
        message: String,
    },
}

struct Overlay<T> {
    edit: u64,
    apply: Box<dyn Fn(&mut T) + Send>,
    /// Known once the server has answered.
    transaction: Option<u64>,
}

struct Cell<T> {
    committed: T,
    overlays: Vec<Overlay<T>>,
    shown: ArcRwSignal<T>,
}

impl<T: LiveRow> Cell<T> {
    fn new(row: T) -> Self {
        Self { shown: ArcRwSignal::new(row.clone()), committed: row, overlays: Vec::new() }
    }

    /// The same cell with another committed row.
    fn with(mut self, row: T) -> Self {
        self.committed = row;
        self.refresh();
        self
    }

    /// Sets the signal, if what is to be shown has changed.
    fn refresh(&self) {
        let mut value = self.committed.clone();
        self.overlays.iter().for_each(|overlay| (overlay.apply)(&mut value));
        if self.shown.with_untracked(|shown| *shown != value) {
            self.shown.set(value);
        }
    }
}

struct Rows<T: LiveRow> {
    cells: HashMap<T::Key, Cell<T>>,
    staging: Staging<T>,
    /// Keys with edits on them, so that a commit need not look at every row.
    edited: Vec<T::Key>,
    next_edit: u64,
    /// The last position, to settle an edit whose answer comes after its batch.
    position: Option<Position>,
}

/// The live rows of one table. Cheap to clone; all clones are the same rows.
pub struct Live<T: LiveRow> {
    rows: Arc<Mutex<Rows<T>>>,
    revision: ArcRwSignal<u64>,
    phase: ArcRwSignal<Phase>,
}

impl<T: LiveRow> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), revision: self.revision.clone(), phase: self.phase.clone() }
    }
}

/// The live rows of `T`'s table for as long as the calling component lives: those that came with the page, if any,
/// continued by the socket.
pub fn use_live<T: LiveRow>(initial: Option<Initial<T>>) -> Live<T> {
    let connection = use_connection();
    let position = initial.as_ref().map(|initial| initial.position.clone());
    let live = Live::new(initial.map(|initial| initial.rows));
    let sink = live.clone();
    // Effects run in the browser only.
    Effect::new(move || {
        let subscription = connection.subscribe(T::TABLE, position.clone(), Box::new(sink.clone()));
        let connection = connection.clone();
        on_cleanup(move || connection.unsubscribe(subscription));
    });
    live
}

impl<T: LiveRow> Live<T> {
    /// Rows that are already known, or none.
    pub fn new(rows: Option<Vec<T>>) -> Self {
        let phase = if rows.is_some() { Phase::CatchingUp } else { Phase::Loading };
        let cells = rows.unwrap_or_default().into_iter().map(|row| (row.key(), Cell::new(row))).collect();
        let rows = Rows { cells, staging: Staging::default(), edited: Vec::new(), next_edit: 0, position: None };
        Self { rows: Arc::new(Mutex::new(rows)), revision: ArcRwSignal::new(0), phase: ArcRwSignal::new(phase) }
    }

    /// Where the subscription stands. Tracked.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// A number that moves whenever any row changed, came or went. Tracked.
    pub fn revision(&self) -> u64 {
        self.revision.get()
    }

    /// The row as shown; a signal of its own. `None` if there is no such row.
    pub fn row(&self, key: &T::Key) -> Option<ArcReadSignal<T>> {
        self.lock().cells.get(key).map(|cell| cell.shown.read_only())
    }

    /// All rows as shown, in no order. Not tracked: pair it with [`revision`](Self::revision).
    pub fn snapshot(&self) -> Vec<T> {
        self.lock().cells.values().map(|cell| cell.shown.get_untracked()).collect()
    }

    /// Looks at all rows as shown, in no order, without copying them. Not tracked: pair it with
    /// [`revision`](Self::revision). `look` must not come back to these rows.
    pub fn for_each(&self, mut look: impl FnMut(&T)) {
        self.lock().cells.values().for_each(|cell| cell.shown.with_untracked(&mut look));
    }

    /// The number of rows. Tracked.
    pub fn len(&self) -> usize {
        self.revision.track();
        self.lock().cells.len()
    }

    /// Whether there are no rows. Tracked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows `apply`'s effect on a row at once, before the server has agreed. The edit must be confirmed or rolled back.
    pub fn edit(&self, key: T::Key, apply: impl Fn(&mut T) + Send + 'static) -> Edit<T> {
        let mut rows = self.lock();
        rows.next_edit += 1;
        let edit = rows.next_edit;
        if let Some(cell) = rows.cells.get_mut(&key) {
            cell.overlays.push(Overlay { edit, apply: Box::new(apply), transaction: None });
            cell.refresh();
            rows.edited.push(key.clone());
        }
        drop(rows);
        self.revise();
        Edit { live: self.clone(), key, edit }
    }

    fn revise(&self) {
        self.revision.update(|revision| *revision += 1);
    }

    /// No code of ours panics while it holds the lock, and rows are plain values: a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Rows<T>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An optimistic edit that waits for the server's answer. Dropping it without an answer leaves the edit shown until the
/// row's next snapshot.
#[must_use = "an edit must be confirmed or rolled back"]
pub struct Edit<T: LiveRow> {
    live: Live<T>,
    key: T::Key,
    edit: u64,
}

impl<T: LiveRow> Edit<T> {
    /// The server committed it as `transaction`: shown until the batch with that transaction arrives, which may already
    /// have happened.
    pub fn confirm(self, transaction: u64) {
        let mut rows = self.live.lock();
        let arrived = rows.position.as_ref().is_some_and(|position| position.includes(transaction));
        if arrived {
            rows.lift(&self.key, |overlay| overlay.edit == self.edit);
        } else if let Some(cell) = rows.cells.get_mut(&self.key) {
            for overlay in cell.overlays.iter_mut().filter(|overlay| overlay.edit == self.edit) {
                overlay.transaction = Some(transaction);
            }
        }
        drop(rows);
        self.live.revise();
    }

    /// The server refused it, or could not be reached: the committed value is shown again.
    pub fn roll_back(self) {
        self.live.lock().lift(&self.key, |overlay| overlay.edit == self.edit);
        self.live.revise();
    }
}

impl<T: LiveRow> Rows<T> {
    fn lift(&mut self, key: &T::Key, lifted: impl Fn(&Overlay<T>) -> bool) {
        let Some(cell) = self.cells.get_mut(key) else { return };
        cell.overlays.retain(|overlay| !lifted(overlay));
        cell.refresh();
    }

    /// `left` are the rows that this commit has taken away so far. One that comes back keeps its signal: to the screen it
    /// never left.
    fn apply(&mut self, change: RowChange<T>, left: &mut HashMap<T::Key, Cell<T>>) -> Result<(), Diverged> {
        match change {
            RowChange::Insert(row) => {
                let key = row.key();
                let cell = match left.remove(&key) {
                    Some(cell) => cell.with(row),
                    None => Cell::new(row),
                };
                if self.cells.insert(key, cell).is_none() { Ok(()) } else { Err(Diverged) }
            }
            RowChange::Update(row) => {
                let cell = self.cells.get_mut(&row.key()).ok_or(Diverged)?;
                cell.committed = row;
                cell.refresh();
                Ok(())
            }
            RowChange::Delete(key) => {
                let cell = self.cells.remove(&key).ok_or(Diverged)?;
                left.insert(key, cell);
                Ok(())
            }
            RowChange::Replace(rows) => {
                self.replace(rows, left);
                Ok(())
            }
        }
    }

    /// Rows that stay keep their signals, so that what is on the screen is updated rather than built anew.
    fn replace(&mut self, rows: Vec<T>, left: &mut HashMap<T::Key, Cell<T>>) {
        left.extend(std::mem::take(&mut self.cells));
        for row in rows {
            let key = row.key();
            let cell = match left.remove(&key) {
                Some(cell) => cell.with(row),
                None => Cell::new(row),
            };
            self.cells.insert(key, cell);
        }
    }

    /// Lifts the edits whose transactions `position` includes.
    fn settle(&mut self, position: &Position) {
        for key in std::mem::take(&mut self.edited) {
            self.lift(&key, |overlay| overlay.transaction.is_some_and(|transaction| position.includes(transaction)));
            if self.cells.get(&key).is_some_and(|cell| !cell.overlays.is_empty()) && !self.edited.contains(&key) {
                self.edited.push(key);
            }
        }
        self.position = Some(position.clone());
    }
}

impl<T: LiveRow> Sink for Live<T> {
    fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error> {
        self.lock().staging.snapshot(rows, more)
    }

    fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error> {
        self.lock().staging.changes(changes)
    }

    fn commit(&mut self, position: &Position) -> Result<(), Diverged> {
        let mut rows = self.lock();
        let changes = rows.staging.commit();
        let changed = !changes.is_empty() || !rows.edited.is_empty();
        let mut left = HashMap::new();
        let outcome = changes.into_iter().try_for_each(|change| rows.apply(change, &mut left));
        rows.settle(position);
        drop(rows);
        if changed {
            self.revise();
        }
        outcome
    }

    fn discard(&mut self) {
        self.lock().staging.discard();
    }

    fn enter(&mut self, phase: Phase) {
        // Rows that are not there yet are loading, however often the connection comes and goes.
        let phase = match phase {
            Phase::CatchingUp if self.phase.with_untracked(|now| *now == Phase::Loading) => Phase::Loading,
            phase => phase,
        };
        if self.phase.with_untracked(|now| *now != phase) {
            self.phase.set(phase);
        }
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
