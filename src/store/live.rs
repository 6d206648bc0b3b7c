//! The live rows of one query, as signals, and edits of them.
//!
//! One signal per row: a changed cell touches one text node. One revision counter for everything that depends on the
//! rows as a set (order, totals): it moves once per commit, after all rows of the commit have their new values.
//!
//! An edit is lifted by the position that includes its transaction, so it is never shown twice and never flickers.

use super::{
    Initial, LiveRow, Query,
    replica::{Diverged, Sink},
    rows::{Apply, Rows, Shown},
};
use crate::protocol::{Change, ErrorCode, Position};
use leptos::{prelude::*, reactive::effect::batch};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    Failed(SubscriptionError),
}

/// Why the server ended or refused a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct SubscriptionError {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// Where in the filter, in bytes from its start.
    pub at: Option<usize>,
    /// What might be meant instead.
    pub hint: Option<String>,
}

/// The live rows of one query. Cheap to clone; all clones are the same rows.
pub struct Live<T: LiveRow> {
    rows: Arc<Mutex<Rows<T>>>,
    revision: ArcRwSignal<u64>,
    members: ArcRwSignal<u64>,
    phase: ArcRwSignal<Phase>,
}

impl<T: LiveRow> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            revision: self.revision.clone(),
            members: self.members.clone(),
            phase: self.phase.clone(),
        }
    }
}

/// The same rows, not equal ones.
impl<T: LiveRow> PartialEq for Live<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }
}

impl<T: LiveRow> Live<T> {
    /// The rows of a query before any are known.
    pub fn new(query: &Query<T>) -> Self {
        Self {
            rows: Arc::new(Mutex::new(Rows::new(query.sorting()))),
            revision: ArcRwSignal::new(0),
            members: ArcRwSignal::new(0),
            phase: ArcRwSignal::new(Phase::Loading),
        }
    }

    /// Takes the rows that came with the page. Rows that are there already are newer, and stay.
    pub fn fill(&self, initial: Initial<T>) {
        if !self.has_phase(&Phase::Loading) {
            return;
        }
        batch(|| {
            self.change(|rows| ((), rows.fill(initial)));
            self.phase.set(Phase::CatchingUp);
        });
    }

    /// Where the subscription stands. Tracked.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(super) fn has_phase(&self, phase: &Phase) -> bool {
        self.phase.with_untracked(|now| now == phase)
    }

    /// Whether the query says in which order the rows are.
    pub(super) fn is_sorted(&self) -> bool {
        self.lock().staging.sorting().sorts()
    }

    /// A number that moves whenever any row changed, came or went. Tracked.
    pub fn revision(&self) -> u64 {
        self.revision.get()
    }

    /// A number that moves whenever any row came or went. Tracked.
    pub fn members(&self) -> u64 {
        self.members.get()
    }

    /// The row as shown; a signal of its own. `None` if there is no such row.
    pub fn row(&self, key: &T::Key) -> Option<ArcReadSignal<T>> {
        self.lock().signal(key)
    }

    /// The keys of all rows in the order in which they are shown: that of the query, else that in which they came. Not
    /// tracked: pair it with [`revision`](Self::revision).
    pub fn keys(&self) -> Arc<[T::Key]> {
        self.lock().keys()
    }

    /// All rows as shown, in the order of [`keys`](Self::keys). Not tracked: pair it with [`revision`](Self::revision).
    pub fn snapshot(&self) -> Vec<T> {
        let mut rows = self.lock();
        let keys = rows.keys();
        keys.iter().filter_map(|key| rows.signal(key)).map(|signal| signal.get_untracked()).collect()
    }

    /// Looks at all rows as shown, in no order, without copying them. Not tracked: pair it with
    /// [`revision`](Self::revision). `look` must not come back to these rows.
    pub fn for_each(&self, look: impl FnMut(&T)) {
        self.lock().for_each(look);
    }

    /// The number of rows. Tracked.
    pub fn len(&self) -> usize {
        self.members.track();
        self.lock().len()
    }

    /// Whether there are no rows. Tracked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows `apply`'s effect on a row at once, before the server has agreed. Where there is no such row, nothing is shown.
    pub fn edit(&self, key: T::Key, apply: impl Fn(&mut T) + Send + 'static) -> Edit<T> {
        self.lay(
            key,
            Box::new(move |row| {
                row.map(|mut row| {
                    apply(&mut row);
                    row
                })
            }),
        )
    }

    /// Shows a new row at once, before the server has agreed. As soon as the database has a row with its key, that one is
    /// shown.
    pub fn insert(&self, row: T) -> Edit<T> {
        self.lay(row.key(), Box::new(move |committed| committed.or_else(|| Some(row.clone()))))
    }

    /// Hides a row at once, before the server has agreed.
    pub fn remove(&self, key: T::Key) -> Edit<T> {
        self.lay(key, Box::new(|_| None))
    }

    fn lay(&self, key: T::Key, apply: Apply<T>) -> Edit<T> {
        let edit = self.change(|rows| rows.lay(key.clone(), apply));
        Edit { live: self.clone(), key, edit, answered: false }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Rows<T>) -> (R, Shown<T>)) -> R {
        batch(|| {
            // The lock lasts no longer than this statement.
            let (result, shown) = change(&mut self.lock());
            self.tell(shown);
            result
        })
    }

    /// With the lock released, because who listens comes back for the rows. All values first, then the counters.
    fn tell(&self, shown: Shown<T>) {
        for (signal, value) in shown.signals {
            signal.set(value);
        }
        if shown.rows {
            self.revision.update(|revision| *revision += 1);
        }
        if shown.members {
            self.members.update(|members| *members += 1);
        }
    }

    /// No code of ours panics while it holds the lock, and rows are plain values: a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Rows<T>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An optimistic edit that waits for the server's answer. One that is dropped without an answer is rolled back.
#[must_use = "an edit is rolled back when it is dropped"]
pub struct Edit<T: LiveRow> {
    live: Live<T>,
    key: T::Key,
    edit: u64,
    answered: bool,
}

impl<T: LiveRow> Edit<T> {
    /// The server committed it as `transaction`: shown until the batch with that transaction arrives, which may already
    /// have happened.
    pub fn confirm(mut self, transaction: u64) {
        self.answered = true;
        self.live.change(|rows| ((), rows.confirm(&self.key, self.edit, transaction)));
    }

    /// The server refused it, or could not be reached: the committed value is shown again.
    pub fn roll_back(self) {
        drop(self);
    }
}

impl<T: LiveRow> Drop for Edit<T> {
    fn drop(&mut self) {
        if !self.answered {
            self.live.change(|rows| ((), rows.lift(&self.key, self.edit)));
        }
    }
}

impl<T: LiveRow> Sink for Live<T> {
    fn keyed(&mut self, key: &[String]) {
        self.lock().staging.keyed(key);
    }

    fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error> {
        self.lock().staging.snapshot(rows, more)
    }

    fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error> {
        self.lock().staging.changes(changes)
    }

    fn commit(&mut self, position: &Position) -> Result<(), Diverged> {
        self.change(|rows| rows.commit(position))
    }

    fn discard(&mut self) {
        self.lock().staging.discard();
    }

    fn forget(&mut self) {
        self.change(|rows| ((), rows.forget()));
        if !self.has_phase(&Phase::Loading) {
            self.phase.set(Phase::Loading);
        }
    }

    fn enter(&mut self, phase: Phase) {
        // Rows that are not there yet are loading, however often the connection comes and goes.
        let phase = match phase {
            Phase::CatchingUp if self.has_phase(&Phase::Loading) => Phase::Loading,
            phase => phase,
        };
        if !self.has_phase(&phase) {
            self.phase.set(phase);
        }
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
