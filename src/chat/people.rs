//! Who can be written to, and who can be named.

use super::{
    access::{self, For},
    failure::Failure,
    limits::{MAX_PEOPLE, MAX_SEARCH},
    wire::{Refusal, Someone},
};
use crate::{changelog::statement, hub::Principal};
use sqlx::{PgPool, Row as _, postgres::PgRow};

/// People whose names contain `wanted`, to whom whoever asks can write: customers to those who work here, and they to everybody.
///
/// # Errors
/// Only who has an account can write.
pub async fn who(pool: &PgPool, principal: &Principal, wanted: &str) -> Result<Vec<Someone>, Refusal> {
    let account = access::account(principal)?;
    let wanted: String = wanted.trim().chars().take(MAX_SEARCH).collect();
    let find = statement::query(include_str!("sql/people.sql"));
    let find = find.bind(account).bind(access::works_here(principal)).bind(wanted).bind(MAX_PEOPLE);
    let rows = statement::rows(pool, find).await.map_err(|error| Failure::from(error).told())?;
    rows.iter().map(someone).collect::<Result<_, _>>().map_err(|error| Failure::from(error).told())
}

/// Who can be named in a conversation that whoever asks sees.
///
/// # Errors
/// There is none for them.
pub async fn of_chat(pool: &PgPool, principal: &Principal, chat: i64) -> Result<Vec<Someone>, Refusal> {
    nameable(pool, principal, chat).await.map_err(Failure::told)
}

async fn nameable(pool: &PgPool, principal: &Principal, chat: i64) -> Result<Vec<Someone>, Failure> {
    let account = access::account(principal)?;
    let mut open = statement::begin(pool).await?;
    let held = access::hold(&mut open, principal, chat, For::Reading).await?;
    let find = "select id, name, role in ('staff', 'admin') as works_here from rowcast.account
                where not disabled and id <> $1 and (($2 and role in ('staff', 'admin')) or id = any($3::bigint[]))
                order by lower(name), id limit $4";
    let find = statement::query(find).bind(account).bind(held.is_room).bind(&held.members).bind(MAX_PEOPLE * 4);
    let rows = find.fetch_all(&mut *open).await?;
    open.commit().await?;
    Ok(rows.iter().map(someone).collect::<Result<_, _>>()?)
}

fn someone(row: &PgRow) -> Result<Someone, sqlx::Error> {
    Ok(Someone { id: row.try_get("id")?, name: row.try_get("name")?, works_here: row.try_get("works_here")? })
}
