//! Where somebody is signed in: one row for each browser.

use super::{IdentityError, account::Known, secret, shown::ListedLogin};
use crate::changelog::statement;
use sqlx::{PgConnection, PgPool, Row};
use std::time::Duration;

/// Browsers that one person may be signed in with; the one that was used longest ago is signed out then.
pub const MOST: i64 = 50;
/// How often at most it is noted that a login is used, so that reading a page seldom writes.
pub(super) const NOTE_EVERY: Duration = Duration::from_secs(60 * 60);
/// What is kept of what a browser says it is, in characters.
const MAX_AGENT: usize = 200;

/// Signs somebody in whose password was right; returns the secret for the cookie. None if the password has been changed meanwhile, or
/// the account disabled.
pub(super) async fn begin(
    pool: &PgPool,
    account: &Known,
    lasts: Duration,
    network: &str,
    agent: &str,
) -> Result<Option<String>, IdentityError> {
    let token = secret::generate("")?;
    let agent: String = agent.chars().filter(|sign| !sign.is_control()).take(MAX_AGENT).collect();
    let mut transaction = statement::begin(pool).await?;
    let begun = statement::query(include_str!("sql/begin_login.sql"))
        .bind(secret::hash(&token))
        .bind(account.id)
        .bind(lasts.as_secs_f64())
        .bind(network)
        .bind(agent)
        .bind(&account.password_hash)
        .execute(&mut *transaction)
        .await?;
    if begun.rows_affected() == 0 {
        return Ok(None);
    }
    statement::query(include_str!("sql/end_surplus_logins.sql"))
        .bind(account.id)
        .bind(MOST)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(token))
}

/// Gives a login another secret and another number, which is returned: what the cookie held before is worth nothing, also to those whom
/// it has let in already. None if there is no such login any more.
pub(super) async fn renew(
    connection: &mut PgConnection,
    login: i64,
    token: &str,
) -> Result<Option<i64>, IdentityError> {
    let renew = statement::query(
        "update rowcast.login set id = default, renewed_from = id, token = $2 where id = $1 returning id",
    );
    let renewed = renew.bind(login).bind(secret::hash(token)).fetch_optional(connection).await?;
    Ok(renewed.map(|row| row.try_get(0)).transpose()?)
}

/// Whether a login of somebody may have been given another secret since it had this number, once or more often.
pub(super) async fn is_renewed(pool: &PgPool, account: Option<i64>, login: i64) -> Result<bool, IdentityError> {
    // Numbers only grow. That it was another one of theirs does no harm: who comes back is looked at again.
    let renewed = "select exists (select from rowcast.login where account = $1 and renewed_from >= $2)";
    Ok(statement::value(pool, statement::query_scalar(renewed).bind(account).bind(login)).await?)
}

/// Notes that a login is used, so that it lasts on.
pub(super) async fn note(pool: &PgPool, login: i64, lasts: Duration) -> Result<(), IdentityError> {
    let note = statement::query(
        "update rowcast.login set seen_at = now(), expires_at = now() + make_interval(secs => $2)
         where id = $1 and seen_at < now() - make_interval(secs => $3)",
    );
    let note = note.bind(login).bind(lasts.as_secs_f64()).bind(NOTE_EVERY.as_secs_f64());
    Ok(statement::execute(pool, note).await?)
}

/// Signs out one browser of a person.
pub(super) async fn end(pool: &PgPool, account: i64, login: i64) -> Result<(), IdentityError> {
    let end = statement::query("delete from rowcast.login where id = $1 and account = $2");
    Ok(statement::execute(pool, end.bind(login).bind(account)).await?)
}

/// Signs out the browser that holds this secret, whoever it belongs to.
pub(super) async fn end_by_token(pool: &PgPool, token: &str) -> Result<(), IdentityError> {
    let end = statement::query("delete from rowcast.login where token = $1");
    Ok(statement::execute(pool, end.bind(secret::hash(token))).await?)
}

/// Signs a person out everywhere.
pub(super) async fn end_all(pool: &PgPool, account: i64) -> Result<(), IdentityError> {
    let end = statement::query("delete from rowcast.login where account = $1");
    Ok(statement::execute(pool, end.bind(account)).await?)
}

/// The same within a transaction. How many browsers that were.
pub async fn end_all_within(connection: &mut PgConnection, account: i64) -> Result<u64, sqlx::Error> {
    let end = statement::query("delete from rowcast.login where account = $1").bind(account);
    Ok(end.execute(connection).await?.rows_affected())
}

/// Where a person is signed in, the one that was used last first.
pub async fn of_account(pool: &PgPool, account: i64, here: i64) -> Result<Vec<ListedLogin>, IdentityError> {
    type Row = (i64, String, String, String, String);
    let list = statement::query(include_str!("sql/list_logins.sql"));
    let rows: Vec<Row> = statement::all(pool, list.bind(account)).await?;
    let listed = rows.into_iter().map(|(id, address, agent, created_at, seen_at)| ListedLogin {
        id,
        here: id == here,
        address,
        agent,
        created_at,
        seen_at,
    });
    Ok(listed.collect())
}
