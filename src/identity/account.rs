//! The table of accounts. What its triggers do besides (signing out, telling servers) is in the migration.

use super::{IdentityError, login, password};
use crate::{changelog::statement, hub::Principal, protocol::Role};
use sqlx::{FromRow, PgPool};
use std::str::FromStr;

/// Networks that are remembered for one account.
const ADDRESSES: i32 = 8;

/// Somebody new.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// How they sign in.
    pub email: &'a str,
    /// What people call them.
    pub name: &'a str,
    /// What they are to the app.
    pub role: Role,
    /// In clear; it is stored as its hash.
    pub password: &'a str,
}

/// An account, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// How its owner signs in.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// What they are to the app.
    pub role: Role,
    /// May not sign in.
    pub disabled: bool,
    /// Where they are signed in.
    pub logins: i64,
    /// When, in UTC, to the minute.
    pub created_at: String,
}

/// What is needed to sign somebody in.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) password_hash: String,
    pub(super) disabled: bool,
}

/// Whoever an address belongs to, as a login of theirs would be, and whether they are disabled.
pub async fn principal(pool: &PgPool, email: &str) -> Result<Option<(Principal, bool)>, IdentityError> {
    let by_email = statement::query(
        "select id, name, role, disabled from rowcast.account where lower(email collate \"C\") = lower($1 collate \"C\")",
    );
    let found: Option<(i64, String, String, bool)> = statement::first(pool, by_email.bind(email)).await?;
    Ok(found.map(|(account, name, word, disabled)| {
        let who = Principal { account: Some(account), name: name.into(), ..Principal::nobody(role(&word)) };
        (who, disabled)
    }))
}

/// Makes an account; none if the address has one already. Takes as long either way.
pub async fn create(pool: &PgPool, new: New<'_>) -> Result<Option<i64>, IdentityError> {
    let hash = password::hash(new.password).await?;
    let add = statement::query(
        "insert into rowcast.account (email, name, role, password_hash) values ($1, $2, $3, $4)
         on conflict do nothing returning id",
    );
    let made: Option<(i64,)> =
        statement::first(pool, add.bind(new.email).bind(new.name).bind(new.role.word()).bind(hash)).await?;
    Ok(made.map(|(id,)| id))
}

pub(super) async fn by_email(pool: &PgPool, email: &str) -> Result<Option<Known>, IdentityError> {
    let by_email = statement::query(
        "select id, email, name, password_hash, disabled from rowcast.account
         where lower(email collate \"C\") = lower($1 collate \"C\")",
    );
    Ok(statement::first(pool, by_email.bind(email)).await?)
}

pub(super) async fn by_id(pool: &PgPool, id: i64) -> Result<Option<Known>, IdentityError> {
    let by_id = statement::query("select id, email, name, password_hash, disabled from rowcast.account where id = $1");
    Ok(statement::first(pool, by_id.bind(id)).await?)
}

/// Sets another password, if it still is `old` (a hash; `None`: whatever it is). Whoever is signed in is signed out, except `here`: a
/// login, which gets another secret. False if somebody else has set another one meanwhile, or has ended that login.
pub(super) async fn set_password(
    pool: &PgPool,
    account: i64,
    password: &str,
    old: Option<&str>,
    here: Option<(i64, &str)>,
) -> Result<bool, IdentityError> {
    let hash = password::hash(password).await?;
    let mut transaction = statement::begin(pool).await?;
    if let Some((login, secret)) = here {
        let Some(renewed) = login::renew(&mut transaction, login, secret).await? else { return Ok(false) };
        let keep = "select set_config('rowcast.login', $1::text, true)";
        statement::query(keep).bind(renewed.to_string()).execute(&mut *transaction).await?;
    }
    let change =
        "update rowcast.account set password_hash = $2 where id = $1 and ($3::text is null or password_hash = $3)";
    let set = statement::query(change).bind(account).bind(hash).bind(old).execute(&mut *transaction).await?;
    if set.rows_affected() == 0 {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// Remembers from where somebody has signed in.
pub(super) async fn remember_address(pool: &PgPool, account: i64, network: &str) -> Result<(), IdentityError> {
    let remember = statement::query(
        "update rowcast.account
         set addresses = (array_prepend($2, array_remove(addresses, $2)))[1:$3]
         where id = $1 and addresses[1] is distinct from $2",
    );
    Ok(statement::execute(pool, remember.bind(account).bind(network).bind(ADDRESSES)).await?)
}

/// Sets another password for the account of this address; false if there is none. All are signed out.
pub async fn reset_password(pool: &PgPool, email: &str, password: &str) -> Result<bool, IdentityError> {
    let Some(known) = by_email(pool, email).await? else { return Ok(false) };
    set_password(pool, known.id, password, None, None).await
}

/// Sets another role; false if there is no such account.
pub async fn set_role(pool: &PgPool, email: &str, role: Role) -> Result<bool, IdentityError> {
    let change = statement::query(
        "update rowcast.account set role = $2 where lower(email collate \"C\") = lower($1 collate \"C\")",
    );
    Ok(statement::affect(pool, change.bind(email).bind(role.word())).await? > 0)
}

/// Lets somebody in no more, or again; false if there is no such account.
pub async fn set_disabled(pool: &PgPool, email: &str, disabled: bool) -> Result<bool, IdentityError> {
    let change = statement::query(
        "update rowcast.account set disabled = $2 where lower(email collate \"C\") = lower($1 collate \"C\")",
    );
    Ok(statement::affect(pool, change.bind(email).bind(disabled)).await? > 0)
}

/// All of them, by their numbers.
pub async fn list(pool: &PgPool) -> Result<Vec<Listed>, IdentityError> {
    type Row = (i64, String, String, String, bool, i64, String);
    let rows: Vec<Row> = statement::all(pool, statement::query(include_str!("sql/list_accounts.sql"))).await?;
    let listed = rows.into_iter().map(|(id, email, name, word, disabled, logins, created_at)| Listed {
        id,
        email,
        name,
        role: role(&word),
        disabled,
        logins,
        created_at,
    });
    Ok(listed.collect())
}

/// A role as the tables hold it; their constraints allow no other words.
pub(super) fn role(word: &str) -> Role {
    Role::from_str(word).unwrap_or_default()
}
