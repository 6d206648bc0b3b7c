//! The changes after a position: read in one statement together with the snapshot that they lead to.
//!
//! Exactly the rows of transactions that the position does not include, in `seq` order. The cost is proportional to what
//! is new, even while some transaction stays open for an hour: both halves of the condition are look-ups in the index.

use super::{
    Error, position,
    statement::{self, query},
};
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
    /// At most so much; any number if it is not said.
    pub(super) most: Option<Measure>,
    /// How long to wait for one row. However much there is in all, a connection that says nothing at all for so long is as
    /// good as lost.
    pub(super) patience: Duration,
}

impl Wanted<'_> {
    /// Of all tables.
    pub(super) const ALL: Self = Self { table: None, without: &[], most: Some(Measure::REPLAY), patience: ROW_TIMEOUT };
    /// Of the changes of others, any number may have to be passed over before the first row.
    pub(super) const SOME: Self = Self { patience: SCAN_PATIENCE, ..Self::ALL };
}

/// How long to wait for one row of a look.
pub(super) const ROW_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the database may look for what is new: tens of millions of changes can be passed over in that time. What takes
/// longer is too much to be replayed.
pub(super) const SCAN_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait for a row of what may take that long.
const SCAN_PATIENCE: Duration = SCAN_TIMEOUT.saturating_add(ROW_TIMEOUT);

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
    TooMuch,
    /// Some of it has been pruned.
    Pruned,
    /// The position is ahead of the database.
    Ahead,
}

/// What a look finds.
#[derive(Debug)]
pub(super) struct Look {
    /// The [id](super::history) of the history that was looked at.
    pub(super) history: String,
    pub(super) reading: Reading,
    /// How long ago the newest of the changes was made, by the database's clock.
    pub(super) age: Duration,
}

/// How long the settings of [`prepare`] last, and the statement that is prepared under them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// As long as the connection.
    Session,
    /// Until the transaction ends.
    Transaction,
}

/// Has a connection plan [`changes_after`] as it must be planned: by the index, for what is new is always beyond what the
/// statistics know, and row by row, for it need not be read to the end; once, for planning takes longer than looking; and
/// not compiled, which would take longer still.
pub(super) async fn prepare(database: impl Executor<'_, Database = Postgres>, scope: Scope) -> Result<(), Error> {
    query(
        "select set_config('enable_seqscan', 'off', $1), set_config('enable_bitmapscan', 'off', $1),
                set_config('plan_cache_mode', 'force_generic_plan', $1),
                set_config('jit', 'off', $1), set_config('statement_timeout', $2, $1)",
    )
    .bind(scope == Scope::Transaction)
    .bind(SCAN_TIMEOUT.as_millis().to_string())
    .execute(database)
    .await?;
    Ok(())
}

/// Reads the changes of one table that `from` does not include, on any connection of a pool. How much there is of other
/// tables does not matter, unless it takes too long to be passed over.
pub async fn catch_up(pool: &PgPool, from: &Position, table: TableId) -> Result<Reading, Error> {
    let mut transaction = statement::begin(pool).await.map_err(Error::Connect)?;
    prepare(&mut *transaction, Scope::Transaction).await?;
    let wanted = Wanted { table: Some(table), ..Wanted::SOME };
    match changes_after(&mut transaction, from, wanted, Scope::Transaction).await {
        Err(error) if error.is_overtime() => Ok(Reading::TooMuch),
        look => Ok(look?.reading),
    }
}

/// The next row.
async fn next(
    rows: &mut (impl Stream<Item = Result<PgRow, sqlx::Error>> + Unpin),
    patience: Duration,
) -> Result<Option<PgRow>, sqlx::Error> {
    let timed_out = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(patience, rows.try_next()).await.map_err(timed_out)?
}

/// Reads the changes that `from` does not include, on a connection that is [prepared](prepare).
pub(super) async fn changes_after(
    connection: &mut PgConnection,
    from: &Position,
    wanted: Wanted<'_>,
    scope: Scope,
) -> Result<Look, Error> {
    let (next_transaction, open) = bounds(from);
    let most = |of: fn(Measure) -> usize| wanted.most.and_then(|most| i64::try_from(of(most)).ok());
    let mut rows = query(include_str!("changes_after.sql"))
        .persistent(scope == Scope::Session)
        .bind(next_transaction)
        .bind(open)
        .bind(most(|most| most.changes))
        .bind(most(|most| most.bytes))
        .bind(wanted.table)
        .bind(wanted.without)
        .fetch(connection);
    let missing = || Error::Unexpected("rowcast.history is empty".to_owned());
    let mark = next(&mut rows, wanted.patience).await?.ok_or_else(missing)?;
    let position = position::parse(mark.try_get("snapshot")?)?;
    let horizon = position::parse(mark.try_get("horizon")?)?;
    let mut changes = Vec::new();
    while let Some(row) = next(&mut rows, wanted.patience).await? {
        changes.push(change(&row)?);
    }
    let reading = if !from.reaches(&horizon) {
        Reading::Pruned
    } else if !position.reaches(from) {
        Reading::Ahead
    } else if mark.try_get("too_much")? {
        Reading::TooMuch
    } else {
        Reading::Changes { changes, position }
    };
    // A clock that was set back says less than nothing.
    let age = mark.try_get::<Option<f64>, _>("age")?.and_then(|age| Duration::try_from_secs_f64(age).ok());
    Ok(Look { history: mark.try_get("history")?, reading, age: age.unwrap_or_default() })
}

/// A position as statements take it: its next transaction, its open ones.
pub(crate) fn bounds(position: &Position) -> (String, Vec<String>) {
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
