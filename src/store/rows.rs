//! Committed rows, the edits laid over them, and one signal for each row that is shown.
//!
//! What is shown of a row is its committed value with the edits on top that the server has not yet shown as committed.
//! An edit may also bring a row that is not committed, or hide one that is.
//!
//! Invariant: `shown_rows` and `arranged` are those of the last [`settle`](Rows::settle), which ends every change.

use super::{
    Initial, LiveRow, RowChange, Staging,
    place::{Place, Sorting},
    replica::Diverged,
    staging::Places,
};
use crate::protocol::Position;
use leptos::prelude::*;
use std::{collections::HashMap, sync::Arc};

/// What an edit makes of a row.
pub(super) type Apply<T> = Box<dyn Fn(Option<T>) -> Option<T> + Send>;

pub(super) struct Overlay<T> {
    edit: u64,
    apply: Apply<T>,
    /// Known once the server has answered.
    transaction: Option<u64>,
}

struct Cell<T> {
    committed: Option<T>,
    overlays: Vec<Overlay<T>>,
    /// Keeps what was shown last when the row leaves.
    signal: Option<ArcRwSignal<T>>,
    /// Whether the row is on the screen.
    shown: bool,
    place: Place,
    /// When it came, counted in rows; the order of rows that have no other.
    arrival: u64,
}

/// What one change does to what is shown.
#[must_use = "signals are to be set"]
pub(super) struct Shown<T> {
    /// Signals to be set, once nobody holds the rows any more: who listens may come back for them at once.
    pub(super) signals: Vec<(ArcRwSignal<T>, T)>,
    /// A row has another value, came or went.
    pub(super) rows: bool,
    /// A row came or went.
    pub(super) members: bool,
}

impl<T> Default for Shown<T> {
    fn default() -> Self {
        Self { signals: Vec::new(), rows: false, members: false }
    }
}

pub(super) struct Rows<T: LiveRow> {
    cells: HashMap<T::Key, Cell<T>>,
    pub(super) staging: Staging<T>,
    /// Keys whose cells have changed since the last `settle`.
    touched: Vec<T::Key>,
    /// Keys with edits on them, so that a commit need not look at every row.
    edited: Vec<T::Key>,
    next_edit: u64,
    arrivals: u64,
    /// The last position, to settle an edit whose answer comes after its batch.
    position: Option<Position>,
    shown_rows: usize,
    /// Keys in the order in which they are shown, until something changes.
    arranged: Option<Arc<[T::Key]>>,
}

impl<T: LiveRow> Rows<T> {
    pub(super) fn new(sorting: Sorting) -> Self {
        Self {
            cells: HashMap::new(),
            staging: Staging::sorted(sorting),
            touched: Vec::new(),
            edited: Vec::new(),
            next_edit: 0,
            arrivals: 0,
            position: None,
            shown_rows: 0,
            arranged: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shown_rows
    }

    pub(super) fn signal(&self, key: &T::Key) -> Option<ArcReadSignal<T>> {
        let cell = self.cells.get(key).filter(|cell| cell.shown)?;
        cell.signal.as_ref().map(ArcRwSignal::read_only)
    }

    pub(super) fn for_each(&self, mut look: impl FnMut(&T)) {
        let shown = self.cells.values().filter(|cell| cell.shown);
        shown.filter_map(|cell| cell.signal.as_ref()).for_each(|signal| signal.with_untracked(&mut look));
    }

    /// Keys in the order in which they are shown: the query's, else that in which they came.
    pub(super) fn keys(&mut self) -> Arc<[T::Key]> {
        if let Some(keys) = &self.arranged {
            return keys.clone();
        }
        let mut shown: Vec<(&T::Key, &Cell<T>)> = self.cells.iter().filter(|(_, cell)| cell.shown).collect();
        let sorting = self.staging.sorting();
        shown.sort_unstable_by(|(_, a), (_, b)| {
            let placed = if sorting.sorts() { sorting.compare(&a.place, &b.place) } else { std::cmp::Ordering::Equal };
            placed.then(a.arrival.cmp(&b.arrival))
        });
        let keys: Arc<[T::Key]> = shown.into_iter().map(|(key, _)| key.clone()).collect();
        self.arranged = Some(keys.clone());
        keys
    }

    /// Rows that came with the page.
    pub(super) fn fill(&mut self, initial: Initial<T>) -> Shown<T> {
        if !initial.key.is_empty() {
            self.staging.keyed(&initial.key);
        }
        let places = initial.rows.iter().map(LiveRow::key).zip(initial.places).collect();
        self.replace(initial.rows);
        self.put(places);
        self.settle()
    }

    /// Shows nothing any more.
    pub(super) fn forget(&mut self) -> Shown<T> {
        self.staging.discard();
        self.replace(Vec::new());
        self.settle()
    }

    /// Shows what the staged frames lead to, without the edits that `position` includes.
    pub(super) fn commit(&mut self, position: &Position) -> (Result<(), Diverged>, Shown<T>) {
        let changes = self.staging.commit();
        let places = self.staging.take_places();
        let outcome = changes.into_iter().try_for_each(|change| self.apply(change));
        self.put(places);
        self.lift_included(position);
        (outcome, self.settle())
    }

    fn apply(&mut self, change: RowChange<T>) -> Result<(), Diverged> {
        match change {
            RowChange::Insert(row) => {
                let cell = self.touch(row.key());
                if cell.committed.replace(row).is_none() { Ok(()) } else { Err(Diverged) }
            }
            RowChange::Update(row) => {
                let cell = self.touch(row.key());
                if cell.committed.replace(row).is_some() { Ok(()) } else { Err(Diverged) }
            }
            RowChange::Delete(key) => {
                let cell = self.touch(key);
                cell.committed.take().map(drop).ok_or(Diverged)
            }
            RowChange::Replace(rows) => {
                self.replace(rows);
                Ok(())
            }
        }
    }

    /// Rows that stay keep their signals, so that what is on the screen is updated rather than built anew.
    fn replace(&mut self, rows: Vec<T>) {
        for (key, cell) in &mut self.cells {
            cell.committed = None;
            self.touched.push(key.clone());
        }
        for row in rows {
            let key = row.key();
            self.touch(key).committed = Some(row);
        }
    }

    /// The cell of a key, to be changed.
    fn touch(&mut self, key: T::Key) -> &mut Cell<T> {
        self.touched.push(key.clone());
        let arrivals = &mut self.arrivals;
        self.cells.entry(key).or_insert_with(|| {
            *arrivals += 1;
            let (place, arrival) = (Place::default(), *arrivals);
            Cell { committed: None, overlays: Vec::new(), signal: None, shown: false, place, arrival }
        })
    }

    fn put(&mut self, places: Places<T>) {
        for (key, place) in places {
            if let Some(cell) = self.cells.get_mut(&key).filter(|cell| cell.place != place) {
                cell.place = place;
                self.arranged = None;
            }
        }
    }

    pub(super) fn lay(&mut self, key: T::Key, apply: Apply<T>) -> (u64, Shown<T>) {
        self.next_edit += 1;
        let edit = self.next_edit;
        self.touch(key.clone()).overlays.push(Overlay { edit, apply, transaction: None });
        self.edited.push(key);
        (edit, self.settle())
    }

    /// The server committed the edit: it is shown until its transaction arrives, which may already have happened.
    pub(super) fn confirm(&mut self, key: &T::Key, edit: u64, transaction: u64) -> Shown<T> {
        if self.position.as_ref().is_some_and(|position| position.includes(transaction)) {
            return self.lift(key, edit);
        }
        if let Some(cell) = self.cells.get_mut(key) {
            for overlay in cell.overlays.iter_mut().filter(|overlay| overlay.edit == edit) {
                overlay.transaction = Some(transaction);
            }
        }
        Shown::default()
    }

    pub(super) fn lift(&mut self, key: &T::Key, edit: u64) -> Shown<T> {
        if self.cells.contains_key(key) {
            self.touch(key.clone()).overlays.retain(|overlay| overlay.edit != edit);
        }
        self.settle()
    }

    fn lift_included(&mut self, position: &Position) {
        for key in std::mem::take(&mut self.edited) {
            let Some(cell) = self.cells.get_mut(&key) else { continue };
            let before = cell.overlays.len();
            cell.overlays.retain(|overlay| !overlay.transaction.is_some_and(|number| position.includes(number)));
            if cell.overlays.len() < before {
                self.touched.push(key.clone());
            }
            if !cell.overlays.is_empty() && !self.edited.contains(&key) {
                self.edited.push(key);
            }
        }
        self.position = Some(position.clone());
    }

    /// Finds out what is to be shown of what was touched, and forgets the rows that are neither committed nor edited.
    fn settle(&mut self) -> Shown<T> {
        let mut shown = Shown::default();
        for key in std::mem::take(&mut self.touched) {
            let Some(cell) = self.cells.get_mut(&key) else { continue };
            let was_shown = cell.shown;
            cell.refresh(&mut shown);
            match (was_shown, cell.shown) {
                (false, true) => self.shown_rows += 1,
                (true, false) => self.shown_rows -= 1,
                _ => {}
            }
            shown.members |= was_shown != cell.shown;
            if cell.committed.is_none() && cell.overlays.is_empty() {
                self.cells.remove(&key);
            }
        }
        if shown.members {
            self.arranged = None;
        }
        shown
    }
}

impl<T: LiveRow> Cell<T> {
    /// Compares what is to be shown with what is.
    fn refresh(&mut self, shown: &mut Shown<T>) {
        let was_shown = self.shown;
        let value = self.overlays.iter().fold(self.committed.clone(), |value, overlay| (overlay.apply)(value));
        self.shown = value.is_some();
        shown.rows |= was_shown != self.shown;
        let Some(value) = value else { return };
        match &self.signal {
            None => self.signal = Some(ArcRwSignal::new(value)),
            Some(signal) if signal.with_untracked(|shown| *shown != value) => {
                shown.signals.push((signal.clone(), value));
                shown.rows = true;
            }
            Some(_) => {}
        }
    }
}
