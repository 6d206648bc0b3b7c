//! The projections that this program keeps: its server brings them up to date, its commands rebuild and check them.
//!
//! This is the one place that knows them all. The ledger itself knows none.
//!
//! Invariant: a table that is somebody else's is never taken for a projection's, whatever its name is, because a rebuild removes what
//! no event has made.

use crate::{app::product::StockMovements, changelog::statement, ledger::Registry, orders};
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks at tables that were built.
const LOOK_AGAIN: Duration = Duration::from_secs(300);
/// Between two looks for tables that were not there.
const LOOK: Duration = Duration::from_secs(5);

/// Those whose tables are in this database.
pub async fn of(pool: &PgPool) -> Result<Registry, sqlx::Error> {
    let mut registry = Registry::new();
    if orders::are_there(pool).await? {
        registry = orders::register(registry);
    }
    let has_movements = statement::query_scalar(include_str!("app/product/is_there.sql"));
    if statement::value(pool, has_movements).await? {
        registry = registry.later::<StockMovements>();
    }
    Ok(registry)
}

/// Keeps them until `stop` is cancelled: those that are there, as soon as they are. What is built is looked at now and then: somebody
/// may have made its table anew.
pub async fn keep(pool: PgPool, stop: CancellationToken) {
    while let Some(registry) = stop.run_until_cancelled(found(&pool)).await {
        registry.keep(pool.clone(), stop.clone()).await;
        stop.run_until_cancelled(tokio::time::sleep(LOOK_AGAIN)).await;
    }
}

/// The projections, once there are some: tables may be made, and the database may come back, while the server runs.
async fn found(pool: &PgPool) -> Registry {
    loop {
        match of(pool).await {
            Ok(registry) if registry.names().next().is_some() => return registry,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "which tables are made from events is looked at later"),
        }
        tokio::time::sleep(LOOK).await;
    }
}
