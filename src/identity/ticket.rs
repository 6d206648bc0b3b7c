//! Tickets: for the handshake of clients that can send neither a cookie nor a header. Good once, and for seconds, because
//! addresses end up in logs.

use super::{IdentityError, secret};
use crate::{changelog::statement, hub::Credential};
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
    let issue = statement::query(include_str!("sql/issue_ticket.sql"))
        .bind(secret::hash(&ticket))
        .bind(login)
        .bind(token)
        .bind(f64::from(SECONDS))
        .bind(MOST);
    let made = statement::affect(pool, issue).await?;
    Ok((made > 0).then_some(ticket))
}

/// Takes a ticket, so that nobody can show it again, and says whose it was.
pub(super) async fn redeem(pool: &PgPool, ticket: &str) -> Result<Credential, IdentityError> {
    let take =
        statement::query("delete from rowcast.ticket where ticket = $1 returning login, token, expires_at > now()");
    let taken: Option<(Option<i64>, Option<i64>, bool)> =
        statement::first(pool, take.bind(secret::hash(ticket))).await?;
    Ok(match taken {
        Some((Some(login), _, true)) => Credential::Login(login),
        Some((_, Some(token), true)) => Credential::Token(token),
        _ => Credential::None,
    })
}
