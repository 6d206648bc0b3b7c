//! Looking at orders: what somebody sees of them, as JSON.

use super::{
    super::{
        failure, kept,
        refusal::Refusal,
        sight::{self, Page, Sight},
        step::Step,
    },
    Api,
};
use crate::{
    changelog::statement,
    hub::Principal,
    ledger::{self, LedgerError, Recorded, Until},
};
use serde::Serialize;
use serde_json::value::RawValue;

/// More events than an order can have.
const MAX_EVENTS: i64 = 100;

/// Some orders.
#[derive(Serialize)]
struct Several {
    orders: Vec<Box<RawValue>>,
    next: Option<i64>,
}

/// One order with all that belongs to it.
#[derive(Serialize)]
struct One {
    order: Box<RawValue>,
    lines: Vec<Box<RawValue>>,
    steps: Vec<Box<RawValue>>,
    /// What whoever asks could do with it.
    allowed: Vec<Step>,
}

/// An event, as programs are told of it.
#[derive(Serialize)]
struct Told<'a> {
    version: i64,
    #[serde(rename = "type")]
    kind: &'a str,
    schema: i16,
    data: &'a serde_json::Value,
    who: Option<&'a str>,
    who_name: &'a str,
    at: &'a str,
}

/// Orders, the newest first, and before which the next page begins.
pub(super) async fn list(api: &Api, principal: &Principal, page: &Page) -> Result<String, Refusal> {
    let (orders, next) = sight::list(&api.readers.of(principal), principal, page).await.map_err(failure::of_sight)?;
    Ok(json(&Several { orders, next }))
}

/// One order.
pub(super) async fn one(api: &Api, principal: &Principal, id: i64) -> Result<String, Refusal> {
    let Sight { order, lines, steps, state, actor, .. } = see(api, principal, id).await?;
    let allowed = state.map(|state| Step::allowed(state, actor)).unwrap_or_default();
    Ok(json(&One { order, lines, steps, allowed }))
}

/// What has happened to an order.
pub(super) async fn events(api: &Api, principal: &Principal, id: i64) -> Result<String, Refusal> {
    if !see(api, principal, id).await?.is_whole() {
        return Err(Refusal::not_whole(id));
    }
    let recorded = async {
        // Times are written in UTC, whatever the database's own zone is.
        let mut transaction = statement::begin(&api.pool).await?;
        statement::query("set local timezone to 'UTC'").execute(&mut *transaction).await?;
        let recorded = ledger::read_stream(&mut transaction, &kept::stream(id), 1, &Until::Latest, MAX_EVENTS).await?;
        transaction.commit().await?;
        Ok::<_, LedgerError>(recorded)
    };
    let recorded = recorded.await.map_err(failure::of_ledger)?;
    let told: Vec<Told<'_>> = recorded.iter().map(told).collect();
    Ok(serde_json::json!({ "events": told }).to_string())
}

async fn see(api: &Api, principal: &Principal, id: i64) -> Result<Sight, Refusal> {
    let seen = sight::one(&api.readers.of(principal), principal, id).await.map_err(failure::of_sight)?;
    seen.ok_or_else(|| Refusal::not_found(id))
}

fn json(told: &impl Serialize) -> String {
    serde_json::to_string(told).expect("names are strings, and rows are JSON")
}

fn told(event: &Recorded) -> Told<'_> {
    Told {
        version: event.version,
        kind: &event.kind,
        schema: event.schema,
        data: &event.data,
        who: event.metadata.who.as_deref(),
        who_name: &event.metadata.who_name,
        at: &event.at,
    }
}
