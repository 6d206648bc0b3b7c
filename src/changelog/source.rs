//! What a session needs of a source: rows as of a position, and the changes after one.
//!
//! A trait, because a session's logic does not care where rows come from, and its tests replace Postgres by a database in
//! miniature.

use super::{Error, Reading, Snapshot, catch_up, read_constants};
use crate::{
    hub::{
        Definition, Table, TableId,
        filter::{Constant, FilterError},
    },
    protocol::{Position, Token},
};
use futures::{StreamExt, stream::BoxStream};
use serde_json::value::RawValue;
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long others may lock a table before whoever wants to read it is told so. Long enough for most writers that truncate.
const LOCK_PATIENCE: Duration = Duration::from_millis(100);
/// How long it is believed that a table is locked, so that those who wait for it seldom hold a connection while they do.
const LOCKED_FOR: Duration = Duration::from_millis(500);

/// A source of rows.
pub trait Source: Send + Sync + 'static {
    /// Rows as of one position.
    type Snapshot: Rows;

    /// Opens a snapshot to read a table from, as soon as there is a place for it; the token says where it stands. Fails soon with
    /// [`Error::Locked`] if others have locked the table.
    fn snapshot(
        &self,
        table: &Table,
        haste: Haste,
    ) -> impl Future<Output = Result<(Token, Self::Snapshot), Error>> + Send;

    /// Reads constants of a filter. The inner error is why one of them cannot be read.
    fn constants(
        &self,
        constants: &[Constant],
    ) -> impl Future<Output = Result<Result<Vec<String>, FilterError>, Error>> + Send;

    /// The changes of a table that `from` does not include.
    fn changes_after(&self, from: &Position, table: TableId) -> impl Future<Output = Result<Reading, Error>> + Send;
}

/// How fast a snapshot is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// As fast as the source can: what is read is kept.
    Kept,
    /// As fast as clients take it, within the limits of whoever reads.
    Streamed,
}

/// An open snapshot.
pub trait Rows: Send {
    /// The rows that a query asks for, in the order of the table's key, as JSON.
    fn rows<'a>(&'a mut self, definition: &Definition) -> BoxStream<'a, Result<Box<RawValue>, Error>>;
}

/// Postgres as a source.
///
/// A snapshot holds a connection while it is read. Those that are kept may hold half of the pool, and those that are as slow
/// as clients another quarter, so that these wait for each other and keep nobody else from the database. Nor do they wait for long for a
/// table that others have locked.
#[derive(Clone, Debug)]
pub struct PostgresSource {
    pool: PgPool,
    /// Tables that were locked, and when that was seen.
    locked: Arc<Mutex<HashMap<TableId, Instant>>>,
    kept: Arc<Semaphore>,
    streamed: Arc<Semaphore>,
}

impl PostgresSource {
    /// Reads through `pool`.
    pub fn new(pool: PgPool) -> Self {
        let connections = pool.options().get_max_connections() as usize;
        let kept = Arc::new(Semaphore::new((connections / 2).max(1)));
        // A pool without a quarter has no connection to spare for them.
        let streamed = if connections < 4 { kept.clone() } else { Arc::new(Semaphore::new(connections / 4)) };
        Self { pool, locked: Arc::default(), kept, streamed }
    }

    fn is_locked(&self, table: TableId) -> bool {
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.retain(|_, seen| seen.elapsed() < LOCKED_FOR);
        locked.contains_key(&table)
    }

    fn note_locked(&self, table: TableId) {
        self.locked.lock().unwrap_or_else(PoisonError::into_inner).insert(table, Instant::now());
    }
}

/// A snapshot and its place among those that may be open.
pub struct PlacedSnapshot {
    snapshot: Snapshot,
    _place: OwnedSemaphorePermit,
}

impl Source for PostgresSource {
    type Snapshot = PlacedSnapshot;

    async fn snapshot(&self, table: &Table, haste: Haste) -> Result<(Token, PlacedSnapshot), Error> {
        let places = match haste {
            Haste::Kept => &self.kept,
            Haste::Streamed => &self.streamed,
        };
        let place = places.clone().acquire_owned().await.expect("it is never closed");
        if self.is_locked(table.id) {
            return Err(Error::Locked);
        }
        let opened = Snapshot::open_within(&self.pool, table, LOCK_PATIENCE).await;
        if matches!(opened, Err(Error::Locked)) {
            self.note_locked(table.id);
        }
        let mut snapshot = opened?;
        Ok((snapshot.token().await?, PlacedSnapshot { snapshot, _place: place }))
    }

    async fn constants(&self, constants: &[Constant]) -> Result<Result<Vec<String>, FilterError>, Error> {
        read_constants(&self.pool, constants).await
    }

    async fn changes_after(&self, from: &Position, table: TableId) -> Result<Reading, Error> {
        catch_up(&self.pool, from, table).await
    }
}

impl Rows for PlacedSnapshot {
    fn rows<'a>(&'a mut self, definition: &Definition) -> BoxStream<'a, Result<Box<RawValue>, Error>> {
        self.snapshot.rows(definition).boxed()
    }
}
