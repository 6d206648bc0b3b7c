//! What to do when there is more after a position than can be read at once: only the tables that are to blame are read anew.
//!
//! Two statements that must agree about what there is share one snapshot: how much there is of each table, and the changes of
//! the tables that are spared.

use super::{
    Error,
    read::{self, Look, Measure, Reading, SCAN_TIMEOUT, Scope, Wanted},
    statement::query,
};
use crate::{
    hub::{Operation, RowChange, TableId},
    protocol::Position,
};
use sqlx::{Connection, PgConnection, Postgres, Row, SqlSafeStr, Transaction};

/// The changelog's number for its own list of tables. What else is not about a table has numbers below.
pub(super) const CATALOG_TABLE: TableId = 0;

/// The number of a change that no position includes: it stands for those of many transactions, and whoever has not seen all
/// of them has not seen it.
const OF_MANY: u64 = u64::MAX;

/// How much there is of one table.
#[derive(Clone, Copy, Debug)]
struct Weight {
    table: TableId,
    changes: usize,
    bytes: usize,
}

/// Begins a transaction of one snapshot. The parts of the changelog are locked before it is taken, because to Postgres a
/// truncated table is empty in older snapshots too.
async fn snapshot(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>, Error> {
    let mut transaction =
        connection.begin_with("begin isolation level repeatable read read only".into_sql_str()).await?;
    query("lock table rowcast.change in access share mode").execute(&mut *transaction).await?;
    read::prepare(&mut *transaction, Scope::Transaction).await?;
    Ok(transaction)
}

/// Reads the changes that `from` does not include; instead of those of the tables that have the most, one
/// [`Operation::Reload`] each. [`Reading::TooMuch`] only if there is so much that even weighing it takes too long.
pub(super) async fn changes_or_reloads(
    connection: &mut PgConnection,
    from: &Position,
    most: Measure,
) -> Result<Reading, Error> {
    match read_lighter(connection, from, most).await {
        Err(error) if error.is_overtime() => Ok(Reading::TooMuch),
        outcome => outcome,
    }
}

async fn read_lighter(connection: &mut PgConnection, from: &Position, most: Measure) -> Result<Reading, Error> {
    let mut transaction = snapshot(connection).await?;
    let weights = tokio::time::timeout(SCAN_TIMEOUT, weigh(&mut transaction, from));
    let weights =
        weights.await.map_err(|_| Error::Postgres(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))??;
    let reloaded = heaviest(weights, most);
    let wanted = Wanted { without: &reloaded, most: None, ..Wanted::SOME };
    let Look { mut reading, .. } = read::changes_after(&mut transaction, from, wanted, Scope::Transaction).await?;
    transaction.commit().await?;
    if let Reading::Changes { changes, .. } = &mut reading {
        let reload = |table| RowChange { table, transaction: OF_MANY, operation: Operation::Reload };
        changes.extend(reloaded.iter().copied().map(reload));
        tracing::info!(tables = ?reloaded, "too much has changed to be replayed: these tables are read anew");
    }
    Ok(reading)
}

async fn weigh(connection: &mut PgConnection, from: &Position) -> Result<Vec<Weight>, Error> {
    let (next, open) = read::bounds(from);
    let rows = query(include_str!("weigh.sql")).bind(next).bind(open).fetch_all(connection).await?;
    let count = |row: &sqlx::postgres::PgRow, column: &str| -> Result<usize, Error> {
        Ok(usize::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default())
    };
    rows.iter()
        .map(|row| {
            let (changes, bytes) = (count(row, "changes")?, count(row, "bytes")?);
            Ok(Weight { table: row.try_get("table_id")?, changes, bytes })
        })
        .collect()
}

/// The tables without which the rest is not too much. The list of tables itself is always replayed: there is no other way to
/// read what it says in order.
fn heaviest(mut weights: Vec<Weight>, most: Measure) -> Vec<TableId> {
    let share = |weight: &Weight| {
        (weight.changes as f64 / most.changes.max(1) as f64).max(weight.bytes as f64 / most.bytes.max(1) as f64)
    };
    weights.sort_by(|one, other| share(other).total_cmp(&share(one)).then(one.table.cmp(&other.table)));
    let mut changes: usize = weights.iter().map(|weight| weight.changes).sum();
    let mut bytes: usize = weights.iter().map(|weight| weight.bytes).sum();
    let mut out = Vec::new();
    for weight in weights.iter().filter(|weight| weight.table > CATALOG_TABLE) {
        if changes <= most.changes && bytes <= most.bytes {
            break;
        }
        changes -= weight.changes;
        bytes -= weight.bytes;
        out.push(weight.table);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tables_that_are_to_blame_are_read_anew() {
        let weight = |table, changes, bytes| Weight { table, changes, bytes };
        let most = Measure { changes: 100, bytes: 1000 };
        assert_eq!(heaviest(vec![weight(1, 50, 500), weight(2, 50, 500)], most), Vec::<TableId>::new());
        assert_eq!(heaviest(vec![weight(1, 50, 500), weight(2, 51, 0)], most), [2]);
        assert_eq!(heaviest(vec![weight(1, 5, 990), weight(2, 60, 11)], most), [1]);
        assert_eq!(heaviest(vec![weight(1, 101, 0), weight(2, 1, 1001), weight(3, 1, 1)], most), [1, 2]);
        assert_eq!(heaviest(vec![weight(0, 200, 0), weight(3, 1, 1)], most), [3], "the list of tables never");
    }
}
