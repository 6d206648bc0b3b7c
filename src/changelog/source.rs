//! What a session needs of a source: rows as of a position, and the changes after one.
//!
//! A trait, because a session's logic does not care where rows come from, and its tests replace Postgres by a database in
//! miniature.

use super::{Error, Reading, Snapshot, catch_up};
use crate::{
    hub::Table,
    protocol::{Position, Token},
};
use futures::{StreamExt, stream::BoxStream};
use serde_json::value::RawValue;
use sqlx::PgPool;

/// A source of rows.
pub trait Source: Send + Sync + 'static {
    /// Rows as of one position.
    type Snapshot: Rows;

    /// Opens a snapshot to read a table from; the token says where it stands.
    fn snapshot(&self, table: &Table) -> impl Future<Output = Result<(Token, Self::Snapshot), Error>> + Send;

    /// The changes that `from` does not include.
    fn changes_after(&self, from: &Position) -> impl Future<Output = Result<Reading, Error>> + Send;
}

/// An open snapshot.
pub trait Rows: Send {
    /// All rows of a table in the order of its key, as JSON.
    fn rows<'a>(&'a mut self, table: &Table) -> BoxStream<'a, Result<Box<RawValue>, Error>>;
}

impl Source for PgPool {
    type Snapshot = Snapshot;

    async fn snapshot(&self, table: &Table) -> Result<(Token, Snapshot), Error> {
        let mut snapshot = Snapshot::open(self, &[table]).await?;
        Ok((snapshot.token().await?, snapshot))
    }

    async fn changes_after(&self, from: &Position) -> Result<Reading, Error> {
        catch_up(self, from).await
    }
}

impl Rows for Snapshot {
    fn rows<'a>(&'a mut self, table: &Table) -> BoxStream<'a, Result<Box<RawValue>, Error>> {
        Snapshot::rows(self, table).boxed()
    }
}
