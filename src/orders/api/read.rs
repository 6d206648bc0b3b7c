//! Looking at orders: all of them for those who work here, their own for customers. Rows are told as the database writes them,
//! and as live pages get them.

use super::{
    super::{
        failure,
        refusal::Refusal,
        state::State,
        step::{Actor, Step},
    },
    query::Page,
};
use crate::{
    changelog::statement,
    hub::Principal,
    ledger::{self, Recorded, Until},
    protocol::Role,
};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::{PgPool, Postgres, Row, Transaction};

/// More events than an order can have.
const MAX_EVENTS: i64 = 100;

/// One order with all that belongs to it.
#[derive(Serialize)]
struct One {
    order: Box<RawValue>,
    lines: Box<RawValue>,
    steps: Box<RawValue>,
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
pub(super) async fn list(pool: &PgPool, principal: &Principal, page: &Page) -> Result<String, Refusal> {
    let read = async {
        let mut transaction = begin(pool).await?;
        let orders = statement::query_scalar(include_str!("../sql/list_orders.sql"))
            .bind(principal.role >= Role::Staff)
            .bind(principal.account)
            .bind(page.state.map(State::word))
            .bind(page.before)
            .bind(page.limit);
        let text: String = orders.fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(text)
    };
    read.await.map_err(failure::of_reading)
}

/// One order.
pub(super) async fn one(pool: &PgPool, principal: &Principal, id: i64) -> Result<String, Refusal> {
    let read = async {
        let mut transaction = begin(pool).await?;
        let found =
            statement::query(include_str!("../sql/one_order.sql")).bind(id).fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        let Some(row) = found else { return Ok(None) };
        let actor = Actor::of(principal.role, principal.account, row.try_get("customer")?);
        let state: String = row.try_get("state")?;
        let state: State = state.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let part = |name| raw(row.try_get(name)?);
        let allowed = Step::allowed(state, actor);
        let one = One { order: part("order")?, lines: part("lines")?, steps: part("steps")?, allowed };
        Ok((actor != Actor::Stranger).then_some(one))
    };
    let one = read.await.map_err(failure::of_reading)?.ok_or_else(|| Refusal::not_found(id))?;
    Ok(serde_json::to_string(&one).expect("an order has string keys only"))
}

/// What has happened to an order.
pub(super) async fn events(pool: &PgPool, principal: &Principal, id: i64) -> Result<String, Refusal> {
    let mut transaction = begin(pool).await.map_err(failure::of_reading)?;
    let whose = statement::query_scalar("select customer from public.orders where id = $1").bind(id);
    let whose: Option<Option<i64>> = whose.fetch_optional(&mut *transaction).await.map_err(failure::of_reading)?;
    let is_seen = |customer| Actor::of(principal.role, principal.account, customer) != Actor::Stranger;
    if !whose.is_some_and(is_seen) {
        return Err(Refusal::not_found(id));
    }
    let stream = super::super::stream(id);
    let recorded = ledger::read_stream(&mut transaction, &stream, 1, &Until::Latest, MAX_EVENTS).await;
    let recorded = recorded.map_err(failure::of_ledger)?;
    transaction.commit().await.map_err(failure::of_reading)?;
    let told: Vec<Told<'_>> = recorded.iter().map(told).collect();
    Ok(serde_json::json!({ "events": told }).to_string())
}

fn raw(text: String) -> Result<Box<RawValue>, sqlx::Error> {
    RawValue::from_string(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
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

/// Times are written in UTC, whatever the database's own zone is.
async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = statement::begin(pool).await?;
    statement::query("set local timezone to 'UTC'").execute(&mut *transaction).await?;
    Ok(transaction)
}
