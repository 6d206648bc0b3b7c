//! Calls the domain's commands for whoever asks.

use super::{actions::Answer, wish::Wish};
use crate::{
    hub::Principal,
    identity::visitor::principal_asking,
    orders::{self, Readers, Refusal, RefusalCode, Step, StepDetails},
};
use leptos::prelude::use_context;
use sqlx::PgPool;

pub(super) async fn place(wish: &Wish) -> Answer {
    let place = wish.place()?;
    let (pool, readers, principal) = asking()?;
    orders::place(&pool, &readers, &principal, place).await
}

pub(super) async fn step(order: i64, step: Step, details: StepDetails) -> Answer {
    let (pool, readers, principal) = asking()?;
    // A form sends a field that was left empty.
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let details = StepDetails {
        carrier: given(details.carrier),
        tracking: given(details.tracking),
        key: given(details.key),
        ..details
    };
    orders::step(&pool, &readers, &principal, order, step, details).await
}

fn asking() -> Result<(PgPool, Readers, Principal), Refusal> {
    let principal =
        principal_asking().ok_or_else(|| Refusal::new(RefusalCode::NotAllowed, "Nobody who is known asks for this"))?;
    let (Some(pool), Some(readers)) = (use_context::<PgPool>(), use_context::<Readers>()) else {
        tracing::error!("a server function was called without a database in its context");
        return Err(Refusal::unavailable());
    };
    Ok((pool, readers, principal))
}
