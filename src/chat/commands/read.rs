//! Having read.

use super::{told, transaction};
use crate::{
    changelog::statement,
    chat::{
        access::{self, For},
        failure::Failure,
        wire::{Done, Refusal},
    },
    hub::Principal,
};
use sqlx::PgPool;

/// Somebody has read a conversation up to a message.
///
/// # Errors
/// Why that was not noted.
pub async fn read(pool: &PgPool, principal: &Principal, chat: i64, up_to: i64) -> Result<Done, Refusal> {
    told(mark(pool, principal, chat, up_to.max(0)).await)
}

async fn mark(pool: &PgPool, principal: &Principal, chat: i64, up_to: i64) -> Result<Done, Failure> {
    let account = access::account(principal)?;
    let mut open = statement::begin(pool).await?;
    // So that nobody sends while their own are counted.
    let held = access::hold(&mut open, principal, chat, For::Reading).await?;
    let number = up_to.min(held.last);
    statement::query(include_str!("../sql/mark.sql"))
        .bind(chat)
        .bind(account)
        .bind(&*principal.name)
        .bind(number)
        .execute(&mut *open)
        .await?;
    statement::query(include_str!("../sql/told.sql")).bind(account).bind(chat).bind(number).execute(&mut *open).await?;
    let transaction = transaction(&mut open).await?;
    open.commit().await?;
    Ok(Done { chat, number, transaction })
}
