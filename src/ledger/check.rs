//! Checking: whether the table of a projection is what a replay of its events makes, and whether the ledger itself is whole.

use super::{
    LedgerError, limits,
    projection::{Projection, ProjectionError},
    replay,
};
use crate::changelog::statement::{query, query_scalar};
use sqlx::{Connection, PgConnection, PgPool, Row, SqlSafeStr};

/// A row in which a table and a replay differ, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its key.
    pub key: String,
    /// The row in the table, if there is one.
    pub actual: Option<String>,
    /// What the replay makes of it, if anything.
    pub expected: Option<String>,
}

/// What [`check`] finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many events were replayed.
    pub events: i64,
    /// The first differences, by their keys.
    pub differences: Vec<Difference>,
}

/// Compares the table of a projection with a replay of all events that it is made of, at one snapshot of the database: at most
/// `most` differences. Changes nothing and keeps nobody waiting, but it holds a snapshot for as long as it takes.
pub async fn check<P: Projection>(pool: &PgPool, most: i64) -> Result<Checked, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    let mut connection = pool.acquire().await.map_err(&database)?;
    let begin = connection.begin_with("begin isolation level repeatable read".into_sql_str());
    let mut transaction = begin.await.map_err(&database)?;
    let checked = compare::<P>(&mut transaction, most).await;
    // With it goes the table that was replayed into.
    transaction.rollback().await.map_err(&database)?;
    checked
}

async fn compare<P: Projection>(connection: &mut PgConnection, most: i64) -> Result<Checked, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    // One that follows is made of the events up to its position, any other of all that are committed.
    let position: Option<Option<String>> = query_scalar("select position from rowcast.projection where name = $1")
        .bind(P::NAME)
        .fetch_optional(&mut *connection)
        .await
        .map_err(&database)?;
    let position = position.flatten();
    let of = position.as_deref();
    let extent = replay::extent(connection, of).await?;
    let shadow = replay::shadow::<P>(connection, "rowcast_replay", true).await?;
    let mut after = 0;
    while after < extent.last {
        let events = replay::page(connection, (after, extent.last), of, limits::FOLDED_AT_ONCE).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        replay::fold::<P>(connection, &shadow, &events).await?;
    }
    let rows = query("select * from rowcast.differences($1::text::regclass, $2::text::regclass, $3)")
        .bind(P::TABLE)
        .bind(shadow)
        .bind(most)
        .fetch_all(&mut *connection)
        .await
        .map_err(&database)?;
    let difference = |row: &sqlx::postgres::PgRow| {
        let (key, actual, expected) = (row.try_get("row_key")?, row.try_get("actual")?, row.try_get("expected")?);
        Ok(Difference { key, actual, expected })
    };
    let differences = rows.iter().map(difference).collect::<Result<_, sqlx::Error>>().map_err(&database)?;
    Ok(Checked { events: extent.events, differences })
}

/// The streams whose events are not 1, 2, 3 and so on up to the stream's version, with what is wrong: at most `most`.
pub async fn check_streams(connection: &mut PgConnection, most: i64) -> Result<Vec<(String, String)>, LedgerError> {
    let rows = query(include_str!("check_streams.sql")).bind(most).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("stream")?, row.try_get("fault")?))).collect()
}
