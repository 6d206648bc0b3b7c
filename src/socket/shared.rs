//! Reads of the source that many sessions want at the same time: done once, for all of them.
//!
//! After a restart, thousands of clients ask the same within a second. A snapshot of a query is read by the first of
//! them and shared with those who come while it is read or soon after; whoever needs it at a later position is brought there by
//! the hub.
//!
//! | file | what it is |
//! |---|---|
//! | `flights` | work that is done once for all who want it |
//! | `memory` | how much is kept for those who are slow to take it |
//! | `convoy` | snapshots that are too large to be kept |
//! | `catch_up` | changes after a position |
//! | `folds` | what these changes come to for a query |
//!
//! Invariant: nobody holds a connection of the source for as long as a client likes.

mod catch_up;
mod convoy;
mod flights;
mod folds;
mod memory;

use crate::{
    changelog::{Error, Haste, Rows, Source},
    hub::{Chunks, Definition, Folded, Frame, Hub, Missing, QueryId, Table, TableId},
    protocol::{Position, Token},
};
use catch_up::CatchUps;
pub(super) use catch_up::Missed;
use convoy::Convoys;
pub(super) use convoy::Piece;
use flights::Flights;
use folds::Folds;
pub(super) use folds::NoFold;
use futures::{TryFutureExt, TryStreamExt};
use memory::Memory;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc::Receiver;

/// How long what was read is kept for those who come later.
const KEEP: Duration = Duration::from_secs(2);

/// A source whose reads are shared.
#[derive(Debug)]
pub struct Shared<S> {
    source: Arc<S>,
    memory: Memory,
    snapshots: Arc<Flights<QueryId, Taken, Arc<Error>>>,
    convoys: Arc<Convoys>,
    catch_ups: Arc<CatchUps>,
    folds: Folds,
}

/// All of a query's rows, if they are not too many.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    /// Frames in their order, and where they stand.
    Frames { base: Token, frames: Arc<[Frame]> },
    /// They are too many to be kept: join a [convoy](Shared::join).
    TooLarge { base: Token },
}

impl Taken {
    fn base(&self) -> &Token {
        match self {
            Self::Frames { base, .. } | Self::TooLarge { base } => base,
        }
    }
}

impl<S: Source> Shared<S> {
    /// Shares the reads of `source`.
    pub fn new(source: S) -> Arc<Self> {
        Self::within(source, Memory::new())
    }

    /// The same with so many bytes of memory.
    #[cfg(test)]
    pub(super) fn with_memory(source: S, bytes: usize) -> Arc<Self> {
        Self::within(source, Memory::of(bytes))
    }

    fn within(source: S, memory: Memory) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::new(source),
            memory,
            snapshots: Arc::default(),
            convoys: Arc::default(),
            catch_ups: Arc::default(),
            folds: Folds::new(),
        })
    }

    /// The source itself.
    pub(super) fn source(&self) -> &S {
        &self.source
    }

    /// The rows of a query, not from before `not_before`, unless the source itself is.
    pub(super) async fn snapshot(
        &self,
        query: QueryId,
        definition: &Definition,
        not_before: Option<&Token>,
    ) -> Result<Taken, Arc<Error>> {
        let work = || self.read(query, definition).map_err(Arc::new);
        self.snapshots.take(query, work, |taken| reaches(taken.base(), not_before)).await
    }

    /// Whether others have locked a table. If that cannot be found out, whoever reads it will be told why.
    pub(super) async fn is_locked(&self, table: &Table) -> bool {
        matches!(self.source.snapshot(table, Haste::Kept).await, Err(Error::Locked))
    }

    async fn read(&self, query: QueryId, definition: &Definition) -> Result<Taken, Error> {
        let (base, mut snapshot) = self.source.snapshot(&definition.table, Haste::Kept).await?;
        let most = self.memory.allowance();
        let mut rows = snapshot.rows(definition);
        let mut chunks = Chunks::new(query);
        let mut frames = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.try_next().await? {
            bytes += row.get().len();
            if bytes > most {
                return Ok(Taken::TooLarge { base });
            }
            frames.extend(chunks.push(row));
        }
        frames.push(chunks.last());
        Ok(match self.memory.hold(frames) {
            Some(frames) => Taken::Frames { base, frames },
            None => Taken::TooLarge { base },
        })
    }

    /// Rides along with a read of a query that is too large to be kept. It is begun after this call.
    pub(super) fn join(&self, query: QueryId, definition: &Arc<Definition>) -> Receiver<Piece> {
        self.convoys.join(&self.source, query, definition)
    }

    /// The changes of a table that `from` does not include, to a position that is `enough`.
    pub(super) async fn changes_after(
        &self,
        from: &Token,
        table: TableId,
        enough: impl Fn(&Position) -> bool,
    ) -> Result<Missed, Error> {
        self.catch_ups.read(&*self.source, from, table, enough).await
    }

    /// What leads from `from`, which is where the changes of `missing` begin, to the hub.
    pub(super) async fn fold(&self, hub: &Arc<Hub>, from: &Token, missing: &Missing) -> Result<Folded, NoFold> {
        self.folds.fold(hub, &self.memory, from, missing).await
    }

    /// Whether nothing is kept for anybody.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.snapshots.is_empty() && self.convoys.is_empty() && self.catch_ups.is_empty() && self.folds.is_empty()
    }
}

fn reaches(base: &Token, not_before: Option<&Token>) -> bool {
    not_before.is_none_or(|token| base.epoch == token.epoch && base.position.reaches(&token.position))
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
