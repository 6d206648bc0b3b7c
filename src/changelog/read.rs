//! The changes after a position: read in one statement together with the snapshot that they lead to.
//!
//! Exactly the rows of transactions that the position does not include, in `seq` order. The cost is proportional to what
//! is new, even while some transaction stays open for an hour: both halves of the condition are look-ups in the index.

use super::{Error, position};
use crate::{
    hub::{Image, Operation, RowChange, TableId},
    protocol::Position,
};
use futures::{Stream, TryStreamExt};
use serde_json::value::RawValue;
use sqlx::{Executor, PgConnection, PgPool, Postgres, Row, postgres::PgRow};
use std::{sync::Arc, time::Duration};

/// How much is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Most changes.
    pub changes: usize,
    /// Most bytes of row text.
    pub bytes: usize,
}

impl Measure {
    /// More than that is cheaper to read as a snapshot.
    pub const REPLAY: Self = Self { changes: 100_000, bytes: 64 * 1024 * 1024 };
}

/// What of the changelog is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Of this table alone.
    pub(super) table: Option<TableId>,
    /// Not of these.
    pub(super) without: &'a [TableId],
    /// At most so much.
    pub(super) most: Measure,
}

impl Wanted<'_> {
    /// Of all tables.
    pub(super) const ALL: Self = Self { table: None, without: &[], most: Measure::REPLAY };
}

/// How long to wait for one row.
const ROW_TIMEOUT: Duration = Duration::from_secs(10);

/// What was found after a position.
#[derive(Debug)]
pub enum Reading {
    /// Everything up to `position`.
    Changes {
        /// In order.
        changes: Vec<RowChange>,
        /// Where they lead.
        position: Position,
    },
    /// More than can be taken at once: replaying it would cost more than a snapshot.
    TooMuch {
        /// Where they would have led.
        position: Position,
    },
    /// Some of it has been pruned.
    Pruned,
    /// The position is ahead of the database.
    Ahead,
}

/// How long the settings of [`prepare`] last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// As long as the connection.
    Session,
    /// Until the transaction ends.
    Transaction,
}

/// Has a connection plan [`changes_after`] as it must be planned: by the index, for what is new is always beyond what the
/// statistics know; once, for planning takes longer than looking; and not compiled, which would take longer still.
pub(super) async fn prepare(database: impl Executor<'_, Database = Postgres>, scope: Scope) -> Result<(), Error> {
    sqlx::query(
        "select set_config('enable_seqscan', 'off', $1), set_config('plan_cache_mode', 'force_generic_plan', $1),
                set_config('jit', 'off', $1)",
    )
    .bind(scope == Scope::Transaction)
    .execute(database)
    .await?;
    Ok(())
}

/// Reads the changes of one table that `from` does not include, on any connection of a pool. How much there is of other
/// tables does not matter.
pub async fn catch_up(pool: &PgPool, from: &Position, table: TableId) -> Result<Reading, Error> {
    let mut transaction = pool.begin().await.map_err(Error::Connect)?;
    prepare(&mut *transaction, Scope::Transaction).await?;
    changes_after(&mut transaction, from, Wanted { table: Some(table), ..Wanted::ALL }).await
}

/// The next row. However much there is in all, a connection that says nothing at all for so long is as good as lost.
async fn next(
    rows: &mut (impl Stream<Item = Result<PgRow, sqlx::Error>> + Unpin),
) -> Result<Option<PgRow>, sqlx::Error> {
    let timed_out = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(ROW_TIMEOUT, rows.try_next()).await.map_err(timed_out)?
}

/// Reads the changes that `from` does not include, on a connection that is [prepared](prepare).
pub(super) async fn changes_after(
    connection: &mut PgConnection,
    from: &Position,
    wanted: Wanted<'_>,
) -> Result<Reading, Error> {
    let (next_transaction, open) = bounds(from);
    let mut rows = sqlx::query(include_str!("changes_after.sql"))
        .bind(next_transaction)
        .bind(open)
        .bind(i64::try_from(wanted.most.changes).unwrap_or(i64::MAX).saturating_add(1))
        .bind(i64::try_from(wanted.most.bytes).unwrap_or(i64::MAX))
        .bind(wanted.table)
        .bind(wanted.without)
        .fetch(connection);
    let mut mark = None;
    let mut changes = Vec::new();
    let mut bytes = 0;
    let mut too_much = false;
    while let Some(row) = next(&mut rows).await? {
        if let Some(snapshot) = row.try_get::<Option<&str>, _>("snapshot")? {
            mark = Some((position::parse(snapshot)?, position::parse(row.try_get("horizon")?)?));
        } else if !too_much {
            let change = change(&row)?;
            bytes += change.bytes();
            changes.push(change);
            too_much = changes.len() > wanted.most.changes || bytes > wanted.most.bytes;
            if too_much {
                changes = Vec::new();
            }
        }
    }
    let (position, horizon) = mark.ok_or_else(|| Error::Unexpected("rowcast.history is empty".to_owned()))?;
    Ok(if !from.reaches(&horizon) {
        Reading::Pruned
    } else if !position.reaches(from) {
        Reading::Ahead
    } else if too_much {
        Reading::TooMuch { position }
    } else {
        Reading::Changes { changes, position }
    })
}

/// A position as statements take it: its next transaction, its open ones.
pub(super) fn bounds(position: &Position) -> (String, Vec<String>) {
    (position.next().to_string(), position.open().iter().map(u64::to_string).collect())
}

fn change(row: &PgRow) -> Result<RowChange, Error> {
    let op: &str = row.try_get("op")?;
    let image = |column: &str| -> Result<Image, Error> {
        let text: String = row.try_get(column)?;
        let raw = RawValue::from_string(text).map_err(|error| Error::Unexpected(format!("row text: {error}")))?;
        Ok(Arc::from(raw))
    };
    let operation = match op {
        "I" => Operation::Insert { new: image("new")? },
        "U" => Operation::Update { old: image("old")?, new: image("new")? },
        "D" => Operation::Delete { old: image("old")? },
        "T" => Operation::Truncate,
        "R" => Operation::Reload,
        other => return Err(Error::Unexpected(format!("operation {other:?}"))),
    };
    Ok(RowChange {
        table: row.try_get("table_id")?,
        transaction: position::transaction(row.try_get("xid")?)?,
        operation,
    })
}
