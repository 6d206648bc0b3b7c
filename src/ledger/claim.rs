//! Whose a table is. A projection owns the rows of its table: a rebuild removes those that no event has made. So a table with rows is
//! a projection's only if it was known as that before they came.
//!
//! Invariant: nothing is written to a table that has rows and is not noted in `rowcast.projection` as this projection's: the very
//! table, not another one of its name.

use super::projection::{Projection, ProjectionError};
use crate::changelog::statement::{self, query, query_scalar};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

/// Notes that a table is a projection's, as whoever makes it should do in the same transaction. What keeps the projection does it by
/// itself while the table is empty. In a transaction only, and one that reads what is committed meanwhile: until it ends, others
/// who write to the table wait.
///
/// # Errors
/// [`ProjectionError::Foreign`] if the table has rows already or is another projection's, [`ProjectionError::Outdated`] if a newer
/// program keeps the projection.
pub async fn declare<P: Projection>(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    if is_noted::<P>(connection).await? {
        return Ok(());
    }
    let database = ProjectionError::database(P::NAME);
    // Nobody else writes to it or claims it from here on; whoever has begun to is waited for. The name is a constant of the
    // program, written as SQL.
    let lock = format!("lock table {} in share row exclusive mode", P::TABLE);
    query(AssertSqlSafe(lock)).execute(&mut *connection).await.map_err(&database)?;
    if is_noted::<P>(connection).await? || is_restored::<P>(connection).await.map_err(&database)? {
        return Ok(());
    }
    let is_foreign = query_scalar(AssertSqlSafe(format!(
        "select exists (select from {}) or exists (
             select from rowcast.projection
             where name <> $1 and relation = $2::text::regclass and home = rowcast.home()
         )",
        P::TABLE
    )));
    if is_foreign.bind(P::NAME).bind(P::TABLE).fetch_one(&mut *connection).await.map_err(&database)? {
        return Err(ProjectionError::Foreign { projection: P::NAME, table: P::TABLE });
    }
    let claim = query(include_str!("claim.sql")).bind(P::NAME).bind(P::TABLE).bind(P::VERSION);
    claim.execute(connection).await.map_err(database)?;
    Ok(())
}

/// Whether the table is known as the projection's; refuses if a newer program keeps it.
pub(super) async fn is_noted<P: Projection>(connection: &mut PgConnection) -> Result<bool, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    let noted = query(
        "select version, table_name = $2 and relation is not distinct from to_regclass($2)::oid as is_same
         from rowcast.projection where name = $1",
    );
    let noted = noted.bind(P::NAME).bind(P::TABLE).fetch_optional(connection).await.map_err(&database)?;
    let Some(noted) = noted else { return Ok(false) };
    refuse_older::<P>(noted.try_get("version").map_err(&database)?)?;
    noted.try_get("is_same").map_err(&database)
}

/// Whether table and note came here together, from another database or a dump of this one: the table has a new number then.
async fn is_restored<P: Projection>(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let renew = query(
        "update rowcast.projection set relation = $2::text::regclass, home = rowcast.home()
         where name = $1 and table_name = $2 and home <> rowcast.home()",
    );
    Ok(renew.bind(P::NAME).bind(P::TABLE).execute(connection).await?.rows_affected() > 0)
}

/// Notes where the claims were made that hold here: an upgrade of the database in place moves them and keeps the tables' numbers.
pub(super) async fn renew_homes(pool: &PgPool) -> Result<(), sqlx::Error> {
    let renew = query(
        "update rowcast.projection set home = rowcast.home()
         where home <> rowcast.home() and relation = to_regclass(nullif(table_name, ''))",
    );
    statement::execute(pool, renew).await
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
