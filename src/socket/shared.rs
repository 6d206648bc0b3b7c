//! Reads of the source that many sessions want at the same time: done once, for all of them.
//!
//! After a restart, thousands of clients ask the same within a second. A snapshot of a query is read by the first of
//! them and shared with those who come while it is read or soon after; whoever needs it at a later position is brought there by
//! the hub. A catch-up is read from the lowest position that waits, and each takes of it what it has not seen.

use crate::{
    changelog::{Error, Reading, Rows, Source},
    hub::{Chunks, Definition, Frame, QueryId, RowChange, TableId},
    protocol::{Position, Token},
};
use futures::TryStreamExt;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};

/// Most bytes of a snapshot that is shared. A larger one is read by each session at its own pace.
const MAX_SHARED_BYTES: usize = 4 * 1024 * 1024;
/// How long what was read is kept for those who come later.
const KEEP: Duration = Duration::from_secs(2);

/// A source whose reads are shared.
#[derive(Debug)]
pub struct Shared<S> {
    source: S,
    snapshots: Mutex<HashMap<QueryId, Arc<Flight>>>,
    /// Numbers the flights.
    next: AtomicU64,
    catch_ups: Mutex<HashMap<TableId, Arc<Lane>>>,
}

/// One read, under way or done.
#[derive(Debug)]
struct Flight {
    number: u64,
    outcome: OnceCell<Result<(Instant, Taken), Arc<Error>>>,
}

/// All of a query's rows, if they are not too many.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    /// Frames in their order, and where they stand.
    Frames { base: Token, frames: Arc<[Frame]> },
    /// It must be read by each on its own.
    TooLarge { base: Token },
}

impl Taken {
    fn base(&self) -> &Token {
        match self {
            Self::Frames { base, .. } | Self::TooLarge { base } => base,
        }
    }
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
    changes: Vec<RowChange>,
}

impl<S: Source> Shared<S> {
    /// Shares the reads of `source`.
    pub fn new(source: S) -> Arc<Self> {
        Arc::new(Self { source, snapshots: Mutex::default(), next: AtomicU64::new(0), catch_ups: Mutex::default() })
    }

    /// The source itself.
    pub(super) fn source(&self) -> &S {
        &self.source
    }

    /// The rows of a query, not from before `not_before`, unless the source itself is.
    pub(super) async fn snapshot(
        self: &Arc<Self>,
        query: QueryId,
        definition: &Definition,
        not_before: Option<&Token>,
    ) -> Result<Taken, Arc<Error>> {
        let called = self.next.load(Ordering::Relaxed);
        loop {
            let flight = self.flight(query);
            let outcome = flight.outcome.get_or_init(|| self.take(query, definition, &flight)).await;
            match outcome {
                // What was begun after the call is as new as can be.
                Ok((at, taken))
                    if at.elapsed() < KEEP && (flight.number >= called || reaches(taken.base(), not_before)) =>
                {
                    return Ok(taken.clone());
                }
                Ok(_) => self.forget(query, &flight),
                Err(error) => {
                    self.forget(query, &flight);
                    return Err(error.clone());
                }
            }
        }
    }

    fn flight(&self, query: QueryId) -> Arc<Flight> {
        let fresh = || Arc::new(Flight { number: self.next.fetch_add(1, Ordering::Relaxed), outcome: OnceCell::new() });
        lock(&self.snapshots).entry(query).or_insert_with(fresh).clone()
    }

    async fn take(
        self: &Arc<Self>,
        query: QueryId,
        definition: &Definition,
        flight: &Arc<Flight>,
    ) -> Result<(Instant, Taken), Arc<Error>> {
        let taken = self.read(query, definition).await.map_err(Arc::new)?;
        let (shared, flight) = (self.clone(), flight.clone());
        tokio::spawn(async move {
            sleep(KEEP).await;
            shared.forget(query, &flight);
        });
        Ok((Instant::now(), taken))
    }

    async fn read(&self, query: QueryId, definition: &Definition) -> Result<Taken, Error> {
        let (base, mut snapshot) = self.source.snapshot(&definition.table).await?;
        let mut rows = snapshot.rows(definition);
        let mut chunks = Chunks::new(query);
        let mut frames = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.try_next().await? {
            bytes += row.get().len();
            if bytes > MAX_SHARED_BYTES {
                return Ok(Taken::TooLarge { base });
            }
            frames.extend(chunks.push(row));
        }
        frames.push(chunks.last());
        Ok(Taken::Frames { base, frames: frames.into() })
    }

    fn forget(&self, query: QueryId, flight: &Arc<Flight>) {
        let mut snapshots = lock(&self.snapshots);
        if snapshots.get(&query).is_some_and(|own| Arc::ptr_eq(own, flight)) {
            snapshots.remove(&query);
        }
    }

    /// The changes of a table that `from` does not include, to a position that is `enough`.
    pub(super) async fn changes_after(
        &self,
        from: &Position,
        table: TableId,
        enough: impl Fn(&Position) -> bool,
    ) -> Result<Reading, Error> {
        let lane = lock(&self.catch_ups).entry(table).or_default().clone();
        lock(&lane.waiting).push(from.clone());
        let _waiting = Waiting { lane: &lane, from };
        let mut last = lane.last.lock().await;
        let useful = |known: &Caught| {
            known.at.elapsed() < KEEP
                && from.reaches(&known.from)
                && known.position.reaches(from)
                && enough(&known.position)
        };
        let known = last.take().filter(useful);
        let known = match known {
            Some(known) => known,
            None => match self.read_after(&lane, from, table).await? {
                Ok(caught) => caught,
                Err(reading) => return Ok(reading),
            },
        };
        let reading = known.after(from);
        *last = Some(known);
        drop(last);
        let_go_later(lane.clone());
        Ok(reading)
    }

    /// The inner error is an answer for `from` alone.
    async fn read_after(&self, lane: &Lane, from: &Position, table: TableId) -> Result<Result<Caught, Reading>, Error> {
        let lowest =
            lock(&lane.waiting).iter().filter(|other| from.reaches(other)).min_by_key(|other| other.next()).cloned();
        for start in lowest.iter().chain([from]) {
            match self.source.changes_after(start, table).await? {
                Reading::Changes { changes, position } => {
                    return Ok(Ok(Caught { at: Instant::now(), from: start.clone(), position, changes }));
                }
                reading if start == from => return Ok(Err(reading)),
                _ => {}
            }
        }
        unreachable!("the last start is `from`, which has returned")
    }
}

/// What was read is held no longer than somebody may still come for it.
fn let_go_later(lane: Arc<Lane>) {
    tokio::spawn(async move {
        sleep(KEEP).await;
        lane.last.lock().await.take_if(|known| known.at.elapsed() >= KEEP);
    });
}

impl Caught {
    fn after(&self, from: &Position) -> Reading {
        if !self.position.reaches(from) {
            return Reading::Ahead;
        }
        let unseen = |change: &&RowChange| !from.includes(change.transaction);
        Reading::Changes {
            changes: self.changes.iter().filter(unseen).cloned().collect(),
            position: self.position.clone(),
        }
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

fn reaches(base: &Token, not_before: Option<&Token>) -> bool {
    not_before.is_none_or(|token| base.epoch == token.epoch && base.position.reaches(&token.position))
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
