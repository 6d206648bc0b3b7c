//! API tokens: what scripts and services show instead of signing in.

use super::{IdentityError, account::role, secret};
use crate::protocol::Role;
use sqlx::PgPool;

/// So that people, and scanners of published code, see what it is.
pub const PREFIX: &str = "rowcast_";

/// A token to be made.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What whoever shows it is to the app.
    pub role: Role,
    /// Only these tables, as `schema.table`.
    pub tables: Option<Vec<String>>,
    /// How many days it is good; none for ever.
    pub days: Option<u32>,
}

/// A token, as it is listed: without its secret, which nobody knows any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// What whoever shows it is to the app.
    pub role: Role,
    /// Only these tables.
    pub tables: Option<Vec<String>>,
    /// Times in UTC, to the minute.
    pub created_at: String,
    /// When it ends, if it does.
    pub expires_at: Option<String>,
    /// When it was last used, give or take an hour.
    pub last_used: Option<String>,
    /// `valid`, `expired` or `revoked`.
    pub state: String,
}

/// The name of a table as `schema.table`, from what somebody typed as in SQL; none if there is no such table.
pub async fn table(pool: &PgPool, typed: &str) -> Result<Option<String>, IdentityError> {
    let statement = "select format('%s.%s', n.nspname, c.relname) from pg_class c
                     join pg_namespace n on n.oid = c.relnamespace
                     where c.oid = to_regclass($1) and c.relkind in ('r', 'p')";
    Ok(sqlx::query_scalar(statement).bind(typed).fetch_optional(pool).await?)
}

/// Makes a token; returns its number and the secret, which is not kept.
pub async fn create(pool: &PgPool, new: &New<'_>) -> Result<(i64, String), IdentityError> {
    let token = secret::generate(PREFIX)?;
    let id = sqlx::query_scalar(include_str!("sql/create_token.sql"))
        .bind(secret::hash(&token))
        .bind(new.name)
        .bind(new.role.word())
        .bind(new.tables.as_deref())
        .bind(new.days.map(f64::from))
        .fetch_one(pool)
        .await?;
    Ok((id, token))
}

/// Makes a token worthless; false if there is none of this number that was worth something.
pub async fn revoke(pool: &PgPool, id: i64) -> Result<bool, IdentityError> {
    let statement = "update rowcast.token set revoked_at = now() where id = $1 and revoked_at is null";
    Ok(sqlx::query(statement).bind(id).execute(pool).await?.rows_affected() > 0)
}

/// Notes that a token is used.
pub(super) async fn note(pool: &PgPool, id: i64) -> Result<(), IdentityError> {
    sqlx::query("update rowcast.token set last_used = now() where id = $1").bind(id).execute(pool).await?;
    Ok(())
}

/// All of them, by their numbers.
pub async fn list(pool: &PgPool) -> Result<Vec<Listed>, IdentityError> {
    type Row = (i64, String, String, Option<Vec<String>>, String, Option<String>, Option<String>, String);
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/list_tokens.sql")).fetch_all(pool).await?;
    let listed = rows.into_iter().map(|(id, name, word, tables, created_at, expires_at, last_used, state)| Listed {
        id,
        name,
        role: role(&word),
        tables,
        created_at,
        expires_at,
        last_used,
        state,
    });
    Ok(listed.collect())
}
