//! What is known of projections: how far each has come, and what keeps it from going on.

use super::{
    LedgerError,
    limits::REBUILD_LEASE,
    projection::{Projection, ProjectionError},
};
use crate::{
    changelog::statement::{self, query},
    protocol::Position,
};
use sqlx::{PgConnection, PgPool, Row};

/// One line of `rowcast.projection`.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The projection.
    pub name: String,
    /// Its table.
    pub table: String,
    /// The version that made its rows; 0 if not all events were ever taken.
    pub version: i32,
    /// `live`, `behind`, `rebuilding` or `failed`.
    pub state: String,
    /// Whether it follows; else it is kept in the transactions that append.
    pub follows: bool,
    /// Of how many events it has been made while it is behind or rebuilt.
    pub done: i64,
    /// Of how many in all.
    pub total: i64,
    /// Where it failed: the stream, and the version there.
    pub at_event: Option<(String, i64)>,
    /// Why it failed.
    pub problem: Option<String>,
    /// How many seconds ago something was heard of it.
    pub seconds: f64,
}

/// All projections that were ever kept in this database, by their names.
pub async fn projections(connection: &mut PgConnection) -> Result<Vec<Status>, LedgerError> {
    let rows = query(
        "select *, position is not null as follows, extract(epoch from now() - at)::float8 as seconds
         from rowcast.projection order by name",
    );
    let rows = rows.fetch_all(connection).await?;
    let status = |row: &sqlx::postgres::PgRow| {
        let stream: Option<String> = row.try_get("stream")?;
        Ok(Status {
            name: row.try_get("name")?,
            table: row.try_get("table_name")?,
            version: row.try_get("version")?,
            state: row.try_get("state")?,
            follows: row.try_get("follows")?,
            done: row.try_get("done")?,
            total: row.try_get("total")?,
            at_event: stream.zip(row.try_get("stream_version")?),
            problem: row.try_get("problem")?,
            seconds: row.try_get("seconds")?,
        })
    };
    Ok(rows.iter().map(status).collect::<Result<_, sqlx::Error>>()?)
}

/// Notes why a projection does not go on; true if that was not known.
pub(super) async fn fail<P: Projection>(pool: &PgPool, error: &ProjectionError) -> Result<bool, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    let mut transaction = statement::begin(pool).await.map_err(&database)?;
    let noted = note_failure::<P>(&mut transaction, error, None).await.map_err(&database)?;
    transaction.commit().await.map_err(&database)?;
    Ok(noted)
}

/// The same in a transaction. `rebuild`: only if it is still rebuilt by this one, and then by nobody any more.
pub(super) async fn note_failure<P: Projection>(
    connection: &mut PgConnection,
    error: &ProjectionError,
    rebuild: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let (stream, version, problem) = match error {
        ProjectionError::Event { stream, version, why, .. } => (Some(stream.as_str()), Some(*version), why.clone()),
        other => (None, None, other.to_string()),
    };
    let noted = query(include_str!("fail.sql"))
        .bind(P::NAME)
        .bind(P::VERSION)
        .bind(stream)
        .bind(version)
        .bind(problem)
        .bind(rebuild)
        .bind(REBUILD_LEASE.as_secs_f64())
        .execute(connection)
        .await?;
    Ok(noted.rows_affected() > 0)
}

/// A position as `pg_snapshot` has it.
pub(super) fn position_text(position: &Position) -> String {
    let open: Vec<String> = position.open().iter().map(u64::to_string).collect();
    format!("{}:{}:{}", position.oldest_missing(), position.next(), open.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::read::parse;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_is_kept_as_postgres_writes_snapshots(next in 1..u64::MAX, open in proptest::collection::vec(any::<u64>(), 0..9)) {
            let position = Position::new(next, open);
            prop_assert_eq!(parse(&position_text(&position)).expect("parses"), position);
        }
    }
}
