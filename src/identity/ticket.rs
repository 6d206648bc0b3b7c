//! Tickets: for the handshake of clients that can send neither a cookie nor a header. Good once, and for seconds, because
//! addresses end up in logs.

use super::{IdentityError, secret};
use crate::hub::Credential;
use sqlx::PgPool;

/// How long a ticket is good, in seconds.
pub const SECONDS: u32 = 20;
/// Tickets that one login or token may have at a time.
pub const MOST: i64 = 100;

/// Makes a ticket for whoever shows this credential; none if there are too many.
pub(super) async fn issue(pool: &PgPool, credential: Credential) -> Result<Option<String>, IdentityError> {
    let (login, token) = match credential {
        Credential::Login(login) => (Some(login), None),
        Credential::Token(token) => (None, Some(token)),
        Credential::None => return Ok(None),
    };
    let ticket = secret::generate("")?;
    let made = sqlx::query(include_str!("sql/issue_ticket.sql"))
        .bind(secret::hash(&ticket))
        .bind(login)
        .bind(token)
        .bind(f64::from(SECONDS))
        .bind(MOST)
        .execute(pool)
        .await?;
    Ok((made.rows_affected() > 0).then_some(ticket))
}

/// Takes a ticket, so that nobody can show it again, and says whose it was.
pub(super) async fn redeem(pool: &PgPool, ticket: &str) -> Result<Credential, IdentityError> {
    let statement = "delete from rowcast.ticket where ticket = $1 returning login, token, expires_at > now()";
    let taken: Option<(Option<i64>, Option<i64>, bool)> =
        sqlx::query_as(statement).bind(secret::hash(ticket)).fetch_optional(pool).await?;
    Ok(match taken {
        Some((Some(login), _, true)) => Credential::Login(login),
        Some((_, Some(token), true)) => Credential::Token(token),
        _ => Credential::None,
    })
}
