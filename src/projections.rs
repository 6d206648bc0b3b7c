//! The projections that this program keeps: its server brings them up to date, its commands rebuild and check them.
//!
//! This is the one place that knows them all. The ledger itself knows none.
//!
//! Invariant: a table that is somebody else's is never taken for a projection's, whatever its name is, because a rebuild removes what
//! no event has made.

use crate::{ledger::Registry, orders};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Those whose tables are in this database.
pub async fn of(pool: &PgPool) -> Result<Registry, sqlx::Error> {
    let none = Registry::new();
    Ok(if orders::are_there(pool).await? { orders::register(none) } else { none })
}

/// Keeps them until `stop` is cancelled.
pub async fn keep(pool: PgPool, stop: CancellationToken) {
    match of(&pool).await {
        Ok(registry) => registry.keep(pool, stop).await,
        Err(error) => tracing::warn!(%error, "which tables are made from events is not known, so none is looked after"),
    }
}
