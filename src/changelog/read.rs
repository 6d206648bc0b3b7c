//! The changes after a position: read in one statement together with the snapshot that they lead to.
//!
//! Exactly the rows of transactions that the position does not include, in `seq` order. The cost is proportional to what
//! is new, even while some transaction stays open for an hour: both halves of the condition are look-ups in the index.

use super::{Error, position};
use crate::{
    hub::{Image, Operation, RowChange},
    protocol::Position,
};
use futures::{Stream, TryStreamExt};
use serde_json::value::RawValue;
use sqlx::{Executor, PgConnection, PgPool, Postgres, Row, postgres::PgRow};
use std::{sync::Arc, time::Duration};

/// Most changes that are read at once. More than that is cheaper to read as a snapshot.
pub(super) const MAX_CHANGES: usize = 100_000;
/// Most bytes of row text that are read at once.
pub(super) const MAX_BYTES: usize = 64 * 1024 * 1024;

/// How long to wait for one row.
const ROW_TIMEOUT: Duration = Duration::from_secs(30);

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

/// Has a connection plan [`changes_after`] as it must be planned: what is new is always beyond what the statistics know,
/// so without the first two settings the planner may one day scan the whole changelog; and they make plans look so dear
/// that Postgres would compile them, for longer than they take.
pub(super) async fn prepare(database: impl Executor<'_, Database = Postgres>, scope: Scope) -> Result<(), Error> {
    sqlx::query(
        "select set_config('enable_seqscan', 'off', $1), set_config('plan_cache_mode', 'force_custom_plan', $1),
                set_config('jit', 'off', $1)",
    )
    .bind(scope == Scope::Transaction)
    .execute(database)
    .await?;
    Ok(())
}

/// Reads the changes that `from` does not include, on any connection of a pool.
pub async fn catch_up(pool: &PgPool, from: &Position) -> Result<Reading, Error> {
    let mut transaction = pool.begin().await.map_err(Error::Connect)?;
    prepare(&mut *transaction, Scope::Transaction).await?;
    changes_after(&mut transaction, from).await
}

/// The next row. However much there is in all, a connection that says nothing at all for so long is as good as lost.
async fn next(
    rows: &mut (impl Stream<Item = Result<PgRow, sqlx::Error>> + Unpin),
) -> Result<Option<PgRow>, sqlx::Error> {
    let timed_out = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(ROW_TIMEOUT, rows.try_next()).await.map_err(timed_out)?
}

/// Reads the changes that `from` does not include, on a connection that is [prepared](prepare).
pub(super) async fn changes_after(connection: &mut PgConnection, from: &Position) -> Result<Reading, Error> {
    let open: Vec<String> = from.open().iter().map(u64::to_string).collect();
    let mut rows = sqlx::query(include_str!("changes_after.sql"))
        .bind(from.next().to_string())
        .bind(open)
        .bind(i64::try_from(MAX_CHANGES + 1).unwrap_or(i64::MAX))
        .fetch(connection);
    let mut mark = None;
    let mut changes = Vec::new();
    let mut bytes = 0;
    let mut too_much = false;
    while let Some(row) = next(&mut rows).await? {
        if let Some(snapshot) = row.try_get::<Option<&str>, _>("snapshot")? {
            mark = Some((position::parse(snapshot)?, position::transaction(row.try_get("horizon")?)?));
        } else if !too_much {
            let change = change(&row)?;
            bytes += change.bytes();
            changes.push(change);
            too_much = changes.len() > MAX_CHANGES || bytes > MAX_BYTES;
            if too_much {
                changes = Vec::new();
            }
        }
    }
    let (position, horizon) = mark.ok_or_else(|| Error::Unexpected("rowcast.history is empty".to_owned()))?;
    Ok(if from.oldest_missing() < horizon {
        Reading::Pruned
    } else if !position.reaches(from) {
        Reading::Ahead
    } else if too_much {
        Reading::TooMuch { position }
    } else {
        Reading::Changes { changes, position }
    })
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
