//! The recent past: batches that a session may still need, so that most resumes touch no database.

use super::{Batch, Bounds, RowChange, TableId};
use crate::protocol::Position;
use std::{collections::VecDeque, sync::Arc};

/// Batches in order, from `start` to the hub's position without a gap.
#[derive(Debug)]
pub(super) struct Ring {
    start: Position,
    batches: VecDeque<Arc<Batch>>,
    bounds: Bounds,
    bytes: usize,
    changes: usize,
}

impl Ring {
    pub(super) fn new(start: Position, bounds: Bounds) -> Self {
        Self { start, batches: VecDeque::new(), bounds, bytes: 0, changes: 0 }
    }

    /// Whether everything after `position` is still here.
    pub(super) fn covers(&self, position: &Position) -> bool {
        position.reaches(&self.start)
    }

    /// The changes that `position` does not include, in order. Complete only if the ring [covers](Self::covers) it.
    pub(super) fn after<'a>(&'a self, position: &'a Position) -> impl Iterator<Item = &'a RowChange> {
        self.batches_after(position)
            .flat_map(|batch| &batch.changes)
            .filter(move |change| !position.includes(change.transaction))
    }

    /// The batches of which `position` does not include everything, in order. It may include a part of the first.
    pub(super) fn batches_after(&self, position: &Position) -> impl Iterator<Item = &Arc<Batch>> {
        self.batches.range(self.batches.partition_point(|batch| position.reaches(&batch.position))..)
    }

    /// Whether there are more than so many changes after `position`, of any table.
    pub(super) fn has_more_after(&self, position: &Position, most: usize) -> bool {
        let mut changes = 0;
        self.batches_after(position).any(|batch| {
            changes += batch.changes.len();
            changes > most
        })
    }

    /// Whether a position lies between batches as far as a table is concerned: of each, it includes all of the table's changes
    /// or none. Known only if the ring [covers](Self::covers) it.
    pub(super) fn splits_no_batch(&self, position: &Position, table: TableId) -> bool {
        // What is after a batch that is not included is not included either.
        self.batches_after(position).next().is_none_or(|batch| {
            let mut seen = batch.changes.iter().filter(|change| change.table == table);
            let first = seen.next().map(|change| position.includes(change.transaction));
            first.is_none_or(|first| seen.all(|change| position.includes(change.transaction) == first))
        })
    }

    /// Adds the newest batch and lets go of the oldest ones that no longer fit.
    pub(super) fn push(&mut self, batch: Arc<Batch>) {
        if batch.changes.is_empty() {
            return;
        }
        self.bytes += batch_bytes(&batch);
        self.changes += batch.changes.len();
        self.batches.push_back(batch);
        while self.bytes > self.bounds.ring_bytes || self.changes > self.bounds.ring_changes {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.bytes -= batch_bytes(&oldest);
            self.changes -= oldest.changes.len();
            self.start = oldest.position.clone();
        }
    }
}

fn batch_bytes(batch: &Batch) -> usize {
    batch.changes.iter().map(RowChange::bytes).sum()
}
