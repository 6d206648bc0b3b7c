//! Whose a table is. A projection owns the rows of its table: a rebuild removes those that no event has made. So a table with rows is
//! a projection's only if it was known as that before they came.
//!
//! Invariant: nothing is written to a table that has rows and is not noted in `rowcast.projection` as this projection's.

use super::projection::{Projection, ProjectionError};
use crate::changelog::statement::{query, query_scalar};
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// Notes that a table is a projection's, as whoever makes it should do in the same transaction. What keeps the projection does it by
/// itself while the table is empty.
///
/// # Errors
/// [`ProjectionError::Foreign`] if the table has rows already, [`ProjectionError::Outdated`] if a newer program keeps the
/// projection.
pub async fn declare<P: Projection>(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    if is_noted::<P>(connection).await? {
        return Ok(());
    }
    // The name is a constant of the program, written as SQL.
    let has_rows = query_scalar(AssertSqlSafe(format!("select exists (select from {})", P::TABLE)));
    if has_rows.fetch_one(&mut *connection).await.map_err(&database)? {
        // Unless somebody has just claimed it and committed the first of them.
        if is_noted::<P>(connection).await? {
            return Ok(());
        }
        return Err(ProjectionError::Foreign { projection: P::NAME, table: P::TABLE });
    }
    let claim = query(include_str!("claim.sql")).bind(P::NAME).bind(P::TABLE).bind(P::VERSION);
    claim.execute(connection).await.map_err(database)?;
    Ok(())
}

/// Whether the table is known as the projection's; refuses if a newer program keeps it.
async fn is_noted<P: Projection>(connection: &mut PgConnection) -> Result<bool, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    let noted = query("select version, table_name from rowcast.projection where name = $1").bind(P::NAME);
    let Some(noted) = noted.fetch_optional(connection).await.map_err(&database)? else { return Ok(false) };
    refuse_older::<P>(noted.try_get("version").map_err(&database)?)?;
    Ok(noted.try_get::<String, _>("table_name").map_err(&database)? == P::TABLE)
}

/// Refuses if a newer program keeps the projection.
pub(super) async fn check_version<P: Projection>(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    let stored = query_scalar("select version from rowcast.projection where name = $1").bind(P::NAME);
    let stored: Option<i32> = stored.fetch_optional(connection).await.map_err(ProjectionError::database(P::NAME))?;
    stored.map_or(Ok(()), refuse_older::<P>)
}

fn refuse_older<P: Projection>(stored: i32) -> Result<(), ProjectionError> {
    if stored > P::VERSION {
        return Err(ProjectionError::Outdated { projection: P::NAME, stored, known: P::VERSION });
    }
    Ok(())
}
