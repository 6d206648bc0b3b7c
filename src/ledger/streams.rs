//! The streams there are.

use super::LedgerError;
use crate::changelog::statement::query;
use sqlx::{PgConnection, Row, postgres::PgRow};

/// A stream, as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// The version of its last event.
    pub version: i64,
    /// What the clock said at that event, as [`Recorded`](super::Recorded) has it.
    pub at: String,
}

/// The streams whose names begin so, in the order of their names (by bytes), after one of them: at most `limit`.
pub async fn streams(
    connection: &mut PgConnection,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Stream>, LedgerError> {
    let rows = query(
        r#"select stream, version, rowcast.time_text(at) as at from rowcast.stream
        where starts_with(stream, $1) and stream collate "C" > $2 order by stream collate "C" limit $3"#,
    );
    let rows = rows.bind(prefix).bind(after).bind(limit).fetch_all(connection).await?;
    let stream = |row: &PgRow| Ok(Stream { name: row.try_get(0)?, version: row.try_get(1)?, at: row.try_get(2)? });
    Ok(rows.iter().map(stream).collect::<Result<_, sqlx::Error>>()?)
}
