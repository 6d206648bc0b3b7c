//! All versions of an order, from the ledger.

use super::Version;
use crate::{
    app::time::Timestamp,
    identity::visitor::principal_asking,
    ledger::{LedgerError, Until, read_stream},
    orders::{Order, OrderEvent, sight, stream},
    store::{PageReader, ReadError},
};
use leptos::prelude::{ServerFnError, use_context};
use sqlx::PgPool;

/// Most versions that are told; an order has ten at most.
const MOST: i64 = 200;

/// The first one first. None if whoever asks may not see the order, or not all of it.
pub(super) async fn of_order(id: i64) -> Result<Vec<Version>, ServerFnError> {
    let Some(principal) = principal_asking() else { return Ok(Vec::new()) };
    let none = || ServerFnError::new("there is no database");
    let (pool, reader) = (use_context::<PgPool>().ok_or_else(none)?, use_context::<PageReader>().ok_or_else(none)?);
    match sight::one(&reader, &principal, id).await {
        Ok(Some(order)) if order.is_whole() => {}
        Ok(_) | Err(ReadError::NotTracked(_)) => return Ok(Vec::new()),
        Err(error) => return Err(ServerFnError::new(error.to_string())),
    }
    versions(&pool, id).await.map_err(|error| {
        tracing::warn!(%error, "the versions of an order cannot be read");
        ServerFnError::new("the database does not answer")
    })
}

async fn versions(pool: &PgPool, id: i64) -> Result<Vec<Version>, LedgerError> {
    let mut transaction = pool.begin().await?;
    let events = read_stream(&mut transaction, &stream(id), 1, &Until::Latest, MOST).await?;
    transaction.commit().await?;
    let mut order = Order::default();
    events
        .iter()
        .map(|recorded| {
            let event: OrderEvent = recorded.decode()?;
            order.apply(&event, recorded.version, &recorded.at, &recorded.metadata.who_name);
            let at = Timestamp::parse(&recorded.at).unwrap_or(Timestamp(0));
            Ok(Version { order: order.clone(), at, said: event.said() })
        })
        .collect()
}
