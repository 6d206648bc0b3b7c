//! From what somebody shows to who they are, and whether they still are.

use super::{Identity, IdentityError, account::role, login, secret, ticket, token};
use crate::{
    changelog::statement,
    hub::{Credential, Principal},
};
use sqlx::{FromRow, PgPool};

/// Whether somebody who was recognised is still who they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Same,
    /// They have another role or another name, or another secret.
    Changed,
    /// Their credential is worth nothing any more.
    Ended,
}

/// What a credential is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recognised {
    /// It is somebody's.
    Somebody {
        /// Whose.
        principal: Principal,
        /// It has just been noted that it is used, and it lasts on.
        lasts_on: bool,
    },
    /// It is nobody's, or not any more.
    Nobody,
}

/// A login, with whose it is.
#[derive(FromRow)]
struct Login {
    id: i64,
    account: i64,
    name: String,
    role: String,
    /// It was noted long ago that it is used.
    is_stale: bool,
}

/// A token.
#[derive(FromRow)]
struct Token {
    id: i64,
    name: String,
    role: String,
    tables: Option<Vec<String>>,
    is_stale: bool,
}

/// By the secret in a session's cookie.
pub(super) async fn by_cookie(identity: &Identity, shown: &str) -> Result<Recognised, IdentityError> {
    let Some(hash) = secret::hash(shown) else { return Ok(Recognised::Nobody) };
    let found = find_login(&identity.pool, Some(hash), None).await?;
    let Some(found) = found else { return Ok(Recognised::Nobody) };
    let lasts_on = found.is_stale;
    if lasts_on {
        login::note(&identity.pool, found.id, identity.session).await?;
    }
    Ok(Recognised::Somebody { principal: found.principal(), lasts_on })
}

/// By an API token.
pub(super) async fn by_token(pool: &PgPool, shown: &str) -> Result<Recognised, IdentityError> {
    let Some(hash) = secret::hash(shown) else { return Ok(Recognised::Nobody) };
    let Some(found) = find_token(pool, Some(hash), None).await? else { return Ok(Recognised::Nobody) };
    if found.is_stale {
        token::note(pool, found.id).await?;
    }
    Ok(Recognised::Somebody { principal: found.principal(), lasts_on: false })
}

/// By a ticket, which is worth nothing afterwards.
pub(super) async fn by_ticket(pool: &PgPool, shown: &str) -> Result<Recognised, IdentityError> {
    let credential = ticket::redeem(pool, shown).await?;
    let principal = principal(pool, credential).await?;
    Ok(principal.map_or(Recognised::Nobody, |principal| Recognised::Somebody { principal, lasts_on: false }))
}

/// Whether the person of an open session is still who they were when it began. To be asked now and then: what ends in time,
/// such as a token that expires, nobody tells.
pub async fn check(pool: &PgPool, then: &Principal) -> Result<Standing, IdentityError> {
    if then.credential == Credential::None {
        return Ok(Standing::Same);
    }
    Ok(match principal(pool, then.credential).await? {
        // Whoever renewed it is still there, and comes back with what they hold now.
        None if let Credential::Login(login) = then.credential
            && login::is_renewed(pool, then.account, login).await? =>
        {
            Standing::Changed
        }
        None => Standing::Ended,
        Some(now) if now == *then => Standing::Same,
        Some(_) => Standing::Changed,
    })
}

/// Whose a credential is now.
async fn principal(pool: &PgPool, credential: Credential) -> Result<Option<Principal>, IdentityError> {
    Ok(match credential {
        Credential::None => None,
        Credential::Login(id) => find_login(pool, None, Some(id)).await?.map(Login::principal),
        Credential::Token(id) => find_token(pool, None, Some(id)).await?.map(Token::principal),
    })
}

async fn find_login(pool: &PgPool, hash: Option<Vec<u8>>, id: Option<i64>) -> Result<Option<Login>, IdentityError> {
    let find = statement::query(include_str!("sql/find_login.sql"));
    Ok(statement::first(pool, find.bind(hash).bind(id).bind(login::NOTE_EVERY.as_secs_f64())).await?)
}

async fn find_token(pool: &PgPool, hash: Option<Vec<u8>>, id: Option<i64>) -> Result<Option<Token>, IdentityError> {
    let find = statement::query(include_str!("sql/find_token.sql"));
    Ok(statement::first(pool, find.bind(hash).bind(id).bind(login::NOTE_EVERY.as_secs_f64())).await?)
}

impl Login {
    fn principal(self) -> Principal {
        Principal {
            account: Some(self.account),
            name: self.name.into(),
            role: role(&self.role),
            credential: Credential::Login(self.id),
            tables: None,
        }
    }
}

impl Token {
    fn principal(self) -> Principal {
        Principal {
            account: None,
            name: self.name.into(),
            role: role(&self.role),
            credential: Credential::Token(self.id),
            tables: self.tables.map(Into::into),
        }
    }
}
