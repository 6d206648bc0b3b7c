//! API tokens: what scripts and services show instead of signing in.

use super::{IdentityError, account::role, secret};
use crate::{changelog::statement, protocol::Role};
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
    let name = statement::query(
        "select format('%s.%s', n.nspname, c.relname) from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         where c.oid = to_regclass($1) and c.relkind in ('r', 'p')",
    );
    let found: Option<(String,)> = statement::first(pool, name.bind(typed)).await?;
    Ok(found.map(|(name,)| name))
}

/// Makes a token; returns its number and the secret, which is not kept.
pub async fn create(pool: &PgPool, new: &New<'_>) -> Result<(i64, String), IdentityError> {
    let token = secret::generate(PREFIX)?;
    let create = statement::query_scalar(include_str!("sql/create_token.sql"))
        .bind(secret::hash(&token))
        .bind(new.name)
        .bind(new.role.word())
        .bind(new.tables.as_deref())
        .bind(new.days.map(f64::from));
    Ok((statement::value(pool, create).await?, token))
}

/// Makes a token worthless; false if there is none of this number that was worth something.
pub async fn revoke(pool: &PgPool, id: i64) -> Result<bool, IdentityError> {
    let revoke = statement::query("update rowcast.token set revoked_at = now() where id = $1 and revoked_at is null");
    Ok(statement::affect(pool, revoke.bind(id)).await? > 0)
}

/// Notes that a token is used.
pub(super) async fn note(pool: &PgPool, id: i64) -> Result<(), IdentityError> {
    let note = statement::query("update rowcast.token set last_used = now() where id = $1");
    Ok(statement::execute(pool, note.bind(id)).await?)
}

/// All of them, by their numbers.
pub async fn list(pool: &PgPool) -> Result<Vec<Listed>, IdentityError> {
    type Row = (i64, String, String, Option<Vec<String>>, String, Option<String>, Option<String>, String);
    let rows: Vec<Row> = statement::all(pool, statement::query(include_str!("sql/list_tokens.sql"))).await?;
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
