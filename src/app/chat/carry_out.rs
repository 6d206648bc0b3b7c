//! Calls the domain's commands for whoever asks.

use super::actions::Answer;
use crate::{
    chat::{self, Found, Refusal, Someone},
    hub::Principal,
    identity::visitor::principal_asking,
    store::PageReader,
};
use leptos::prelude::use_context;
use sqlx::PgPool;

pub(super) async fn send(chat: i64, account: i64, key: &str, text: &str) -> Answer {
    let (pool, principal) = asking()?;
    if principal.account.is_some_and(|own| own != account) {
        return Err(Refusal::OtherAccount);
    }
    chat::send(&pool, &principal, chat, key, text).await
}

pub(super) async fn edit(chat: i64, number: i64, text: &str) -> Answer {
    let (pool, principal) = asking()?;
    chat::edit(&pool, &principal, chat, number, text).await
}

pub(super) async fn delete(chat: i64, number: i64) -> Answer {
    let (pool, principal) = asking()?;
    chat::delete(&pool, &principal, chat, number).await
}

pub(super) async fn read(chat: i64, up_to: i64) -> Answer {
    let (pool, principal) = asking()?;
    chat::read(&pool, &principal, chat, up_to).await
}

pub(super) async fn open_room(name: &str, topic: &str) -> Result<i64, Refusal> {
    let (pool, principal) = asking()?;
    chat::open_room(&pool, &principal, name, topic).await
}

pub(super) async fn begin(person: i64) -> Result<i64, Refusal> {
    let (pool, principal) = asking()?;
    chat::begin(&pool, &principal, person).await
}

pub(super) async fn people(wanted: &str) -> Result<Vec<Someone>, Refusal> {
    let (pool, principal) = asking()?;
    chat::who(&pool, &principal, wanted).await
}

pub(super) async fn nameable(chat: i64) -> Result<Vec<Someone>, Refusal> {
    let (pool, principal) = asking()?;
    chat::of_chat(&pool, &principal, chat).await
}

pub(super) async fn search(wanted: &str) -> Result<Vec<Found>, Refusal> {
    let reader = use_context::<PageReader>().ok_or(Refusal::Unavailable)?;
    chat::search(&reader, wanted).await
}

fn asking() -> Result<(PgPool, Principal), Refusal> {
    let principal = principal_asking().ok_or(Refusal::SignedOut)?;
    let pool = use_context::<PgPool>().ok_or_else(|| {
        tracing::error!("a server function was called without a database in its context");
        Refusal::Unavailable
    })?;
    Ok((pool, principal))
}
