//! Changes of a table after a position: read from the lowest position that waits, once for all who wait; each takes of them
//! what it has not seen.

use super::{KEEP, lock};
use crate::{
    changelog::{Error, Reading, Source},
    hub::{RowChange, TableId},
    protocol::{Epoch, Position, Token},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::time::{Instant, sleep};

/// By the history they are read of: after a restore the same position means something else.
type Lanes = HashMap<(Epoch, TableId), Arc<Lane>>;

#[derive(Debug, Default)]
pub(super) struct CatchUps {
    lanes: Mutex<Lanes>,
}

/// What was found after a position.
#[derive(Debug)]
pub(in crate::socket) enum Missed {
    /// Everything up to `position`, and perhaps some that the reader has seen.
    Changes { changes: Arc<[RowChange]>, position: Position },
    /// Replaying it would cost more than a snapshot.
    TooMuch,
    /// Some of it has been pruned.
    Pruned,
    /// The position is ahead of the database.
    Ahead,
}

/// Catch-ups of one table, one after the other.
#[derive(Debug, Default)]
struct Lane {
    waiting: Mutex<Vec<Position>>,
    last: tokio::sync::Mutex<Option<Caught>>,
}

/// What was read after a position.
#[derive(Debug)]
struct Caught {
    at: Instant,
    from: Position,
    position: Position,
    changes: Arc<[RowChange]>,
}

impl CatchUps {
    pub(super) async fn read<S: Source>(
        self: &Arc<Self>,
        source: &S,
        from: &Token,
        table: TableId,
        enough: impl Fn(&Position) -> bool,
    ) -> Result<Missed, Error> {
        let key = (from.epoch, table);
        let lane = lock(&self.lanes).entry(key).or_default().clone();
        let outcome = lane.read(source, &from.position, table, enough).await;
        self.let_go_later(key, lane);
        outcome
    }

    /// What was read is held no longer than somebody may still come for it.
    fn let_go_later(self: &Arc<Self>, key: (Epoch, TableId), lane: Arc<Lane>) {
        let catch_ups = self.clone();
        tokio::spawn(async move {
            sleep(KEEP).await;
            let mut last = lane.last.lock().await;
            last.take_if(|known| known.at.elapsed() >= KEEP);
            let empty = last.is_none();
            drop(last);
            let mut lanes = lock(&catch_ups.lanes);
            // The map has it, and this task.
            if empty && Arc::strong_count(&lane) == 2 {
                lanes.remove(&key);
            }
        });
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.lanes).is_empty()
    }
}

impl Lane {
    async fn read<S: Source>(
        &self,
        source: &S,
        from: &Position,
        table: TableId,
        enough: impl Fn(&Position) -> bool,
    ) -> Result<Missed, Error> {
        lock(&self.waiting).push(from.clone());
        let _waiting = Waiting { lane: self, from };
        let mut last = self.last.lock().await;
        let useful = |known: &Caught| {
            known.at.elapsed() < KEEP
                && from.reaches(&known.from)
                && known.position.reaches(from)
                && enough(&known.position)
        };
        let known = last.take().filter(useful);
        let known = match known {
            Some(known) => known,
            None => match read_after(source, self, from, table).await? {
                Ok(caught) => caught,
                Err(missed) => return Ok(missed),
            },
        };
        let missed = known.after(from);
        *last = Some(known);
        Ok(missed)
    }
}

/// The inner error is an answer for `from` alone.
async fn read_after<S: Source>(
    source: &S,
    lane: &Lane,
    from: &Position,
    table: TableId,
) -> Result<Result<Caught, Missed>, Error> {
    let lowest =
        lock(&lane.waiting).iter().filter(|other| from.reaches(other)).min_by_key(|other| other.next()).cloned();
    for start in lowest.iter().chain([from]) {
        let missed = match source.changes_after(start, table).await? {
            Reading::Changes { changes, position } => {
                let caught = Caught { at: Instant::now(), from: start.clone(), position, changes: changes.into() };
                return Ok(Ok(caught));
            }
            Reading::TooMuch => Missed::TooMuch,
            Reading::Pruned => Missed::Pruned,
            Reading::Ahead => Missed::Ahead,
        };
        if start == from {
            return Ok(Err(missed));
        }
    }
    unreachable!("the last start is `from`, which has returned")
}

impl Caught {
    fn after(&self, from: &Position) -> Missed {
        if !self.position.reaches(from) {
            return Missed::Ahead;
        }
        Missed::Changes { changes: self.changes.clone(), position: self.position.clone() }
    }
}

/// A place in a lane, given up when the wait ends, however it ends.
struct Waiting<'a> {
    lane: &'a Lane,
    from: &'a Position,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.lane.waiting);
        if let Some(index) = waiting.iter().position(|own| own == self.from) {
            waiting.swap_remove(index);
        }
    }
}
