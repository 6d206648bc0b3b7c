//! Constants of filters that only the database can read.
//!
//! Values are bound and never become part of a statement. The types to which they are cast come from the catalog or are
//! built in, see [`Constant::sql_type`].

use super::{
    Error,
    statement::{self, query},
};
use crate::hub::filter::{Constant, FilterError};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};

/// Reads constants: what `to_json` writes of each, under the settings that are pinned for rows.
///
/// # Errors
/// The database cannot be read. If it refuses a value, the inner result says which.
pub async fn read_constants(pool: &PgPool, constants: &[Constant]) -> Result<Result<Vec<String>, FilterError>, Error> {
    if constants.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    match read(pool, constants).await {
        Err(error) if refusal(&error).is_some() => {}
        other => return other.map(Ok),
    }
    // One of them is refused. They are few; each is asked for alone.
    for constant in constants {
        if let Err(error) = read(pool, std::slice::from_ref(constant)).await {
            return match refusal(&error) {
                Some(message) => Ok(Err(constant.refused(message))),
                None => Err(error),
            };
        }
    }
    Err(Error::Unexpected("constants that are refused together and not alone".to_owned()))
}

async fn read(pool: &PgPool, constants: &[Constant]) -> Result<Vec<String>, Error> {
    let mut transaction = statement::begin(pool).await.map_err(Error::Connect)?;
    let values = read_pinned(&mut transaction, constants).await;
    // Also after an error; the settings end with the transaction.
    transaction.rollback().await?;
    values
}

/// Reads constants within a transaction that goes on as if nothing had been asked. None if the database refuses one of them.
pub(crate) async fn read_constants_within(
    connection: &mut PgConnection,
    constants: &[Constant],
) -> Result<Option<Vec<String>>, Error> {
    if constants.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut nested = connection.begin().await?;
    let values = read_pinned(&mut nested, constants).await;
    nested.rollback().await?;
    match values {
        Err(error) if refusal(&error).is_some() => Ok(None),
        values => values.map(Some),
    }
}

async fn read_pinned(connection: &mut PgConnection, constants: &[Constant]) -> Result<Vec<String>, Error> {
    query(include_str!("constants.sql")).execute(&mut *connection).await?;
    let casts: Vec<_> = constants
        .iter()
        .enumerate()
        .map(|(place, constant)| format!("to_json(${}::{})::text", place + 1, constant.sql_type))
        .collect();
    let sql = format!("select {}", casts.join(", "));
    let mut statement = query(AssertSqlSafe(sql));
    for constant in constants {
        statement = statement.bind(constant.text.as_str());
    }
    let row = statement.fetch_one(connection).await?;
    (0..constants.len()).map(|place| Ok(row.try_get(place)?)).collect()
}

/// What Postgres says of a value that it refuses: a data exception (22), a check of a domain (23), or a type that is gone (42).
fn refusal(error: &Error) -> Option<String> {
    let Error::Postgres(sqlx::Error::Database(error)) = error else { return None };
    let code = error.code()?;
    ["22", "23", "42"].iter().any(|class| code.starts_with(class)).then(|| error.message().to_owned())
}
