//! Whose write comes when: one at a time for each row, so that what was typed last is what is saved last.
//!
//! Requests overtake each other on their way; answers alone decide when the next one may leave. A write that something
//! newer was typed after while it waited need not leave at all.

use futures::lock::{Mutex, MutexGuard};
use leptos::prelude::*;
use std::{collections::HashMap, sync::Arc};

/// The turns of all rows. Lives as long as the page.
#[derive(Clone, Copy)]
pub(super) struct Turns(StoredValue<HashMap<i64, Turn>>);

/// One write's turn.
#[derive(Clone)]
pub(super) struct Turn {
    row: i64,
    number: u64,
    gate: Arc<Mutex<()>>,
    turns: Turns,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(HashMap::new()))
    }

    /// A turn after all that were taken for this row before.
    pub(super) fn next(self, row: i64) -> Turn {
        let before = self.0.try_with_value(|turns| turns.get(&row).cloned()).flatten();
        let (number, gate) = before.map_or_else(|| (0, Arc::default()), |before| (before.number + 1, before.gate));
        let turn = Turn { row, number, gate, turns: self };
        self.0.try_update_value(|turns| turns.insert(row, turn.clone()));
        turn
    }
}

impl Turn {
    /// Waits for the answer to the write before. The turn lasts as long as what is returned.
    pub(super) async fn wait(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().await
    }

    /// Whether a later turn was taken for the same row.
    pub(super) fn is_overtaken(&self) -> bool {
        self.turns
            .0
            .try_with_value(|turns| turns.get(&self.row).is_some_and(|last| last.number > self.number))
            .unwrap_or(false)
    }
}
