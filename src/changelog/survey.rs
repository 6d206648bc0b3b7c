//! What the changelog takes and what goes into it, for people who look after it.
//!
//! Changes are counted from a mark some minutes ago on, by the index, and not for longer than people wait: a changelog of any size is
//! looked at without reading it.

use super::{
    Error,
    read::{self, Scope},
    statement::{self, query},
};
use sqlx::{PgConnection, PgPool, Row};
use std::time::Duration;

/// How far back changes are counted, if there is a mark.
const WINDOW: Duration = Duration::from_secs(600);
/// How long counting may take.
const PATIENCE: &str = "set local statement_timeout = '3s'";

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Tracked tables, those that put the most into the changelog first.
    pub tables: Vec<SurveyedTable>,
    /// For how many seconds changes were counted; none if there is no mark yet, or it would have taken too long.
    pub counted_seconds: Option<f64>,
    /// The parts of the changelog.
    pub parts: Vec<SurveyedPart>,
    /// Since when the current part has been in use, in milliseconds since the Unix epoch.
    pub rotated: Option<i64>,
    /// The earliest time from which on clients can continue, in the same unit.
    pub horizon: Option<i64>,
    /// Whether no changes are added at present: no server was there for too long.
    pub paused: bool,
}

/// A tracked table.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyedTable {
    /// `schema.table`, quoted as SQL needs it.
    pub name: String,
    /// Postgres' own estimate of its rows; none if it has none.
    pub rows: Option<i64>,
    /// Its size on the disk with its indexes; none if it is gone.
    pub table_bytes: Option<i64>,
    /// Changes that were counted.
    pub changes: i64,
    /// Bytes of row text that they put into the changelog.
    pub bytes: i64,
}

/// A part of the changelog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurveyedPart {
    /// Its number.
    pub number: i32,
    /// Its size on the disk.
    pub bytes: i64,
    /// Whether new changes go there.
    pub current: bool,
}

/// Looks.
pub async fn survey(pool: &PgPool) -> Result<Survey, Error> {
    let mut transaction = statement::begin(pool).await?;
    query(PATIENCE).execute(&mut *transaction).await?;
    let mut found = parts(&mut transaction).await?;
    let mark: Option<(String, f64)> = mark(&mut transaction).await?;
    transaction.commit().await?;
    let counted = match mark {
        Some((from, seconds)) => match tables(pool, Some(from)).await {
            Err(error) if error.is_overtime() => None,
            tables => Some((tables?, seconds)),
        },
        None => None,
    };
    match counted {
        Some((tables, seconds)) => (found.tables, found.counted_seconds) = (tables, Some(seconds)),
        None => found.tables = tables(pool, None).await?,
    }
    Ok(found)
}

/// From which transaction on changes are counted, and how many seconds ago that was.
async fn mark(connection: &mut PgConnection) -> Result<Option<(String, f64)>, Error> {
    let row = query(
        "select pg_snapshot_xmax(position)::text, extract(epoch from now() - at)::float8
         from rowcast.mark order by at <= now() - make_interval(secs => $1) desc,
             abs(extract(epoch from now() - make_interval(secs => $1) - at)) limit 1",
    );
    let row = row.bind(WINDOW.as_secs_f64()).fetch_optional(connection).await?;
    Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
}

async fn tables(pool: &PgPool, from: Option<String>) -> Result<Vec<SurveyedTable>, Error> {
    let mut transaction = statement::begin(pool).await?;
    read::prepare(&mut *transaction, Scope::Transaction).await?;
    query(PATIENCE).execute(&mut *transaction).await?;
    let rows = query(include_str!("survey.sql")).bind(from).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let table = |row: &sqlx::postgres::PgRow| {
        Ok(SurveyedTable {
            name: row.try_get("name")?,
            rows: row.try_get("rows")?,
            table_bytes: row.try_get("table_bytes")?,
            changes: row.try_get("changes")?,
            bytes: row.try_get("bytes")?,
        })
    };
    Ok(rows.iter().map(table).collect::<Result<_, sqlx::Error>>()?)
}

async fn parts(connection: &mut PgConnection) -> Result<Survey, Error> {
    let mut found = Survey::default();
    for row in query(include_str!("survey_parts.sql")).fetch_all(connection).await? {
        found.parts.push(SurveyedPart {
            number: row.try_get("number")?,
            bytes: row.try_get("bytes")?,
            current: row.try_get("current")?,
        });
        (found.paused, found.rotated) = (row.try_get("paused")?, row.try_get("rotated")?);
        found.horizon = row.try_get("horizon")?;
    }
    Ok(found)
}
