//! Creates and upgrades the engine's own schema, and looks at the schema of what is tracked.

use super::{Error, retention};
use sqlx::{PgPool, migrate::Migrator};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often to look for changes of the schema that Postgres itself does not tell.
const LOOK: Duration = Duration::from_secs(3);

static MIGRATIONS: Migrator = sqlx::migrate!("src/migrations");

/// Brings the schema `rowcast` up to date. Touches nothing else, and does nothing if it is up to date. Safe to call from
/// several servers at once.
pub async fn install(pool: &PgPool) -> Result<(), Error> {
    let mut migrator = Migrator { migrations: MIGRATIONS.migrations.clone(), ..Migrator::DEFAULT };
    migrator.create_schema("rowcast");
    migrator.dangerous_set_table_name("rowcast.migration");
    migrator.run(pool).await?;
    watch(pool).await
}

/// Has Postgres itself tell of changes of the schema, in the transactions that make them, if it lets this role make event
/// triggers. Otherwise they are known when [`refresh`] is called.
async fn watch(pool: &PgPool) -> Result<(), Error> {
    let watched: bool = sqlx::query_scalar("select rowcast.watch_schema()").fetch_one(pool).await?;
    if !watched {
        tracing::info!("only a superuser can make event triggers; changes of the schema are looked for instead");
    }
    Ok(())
}

/// Has `rowcast.tracked` say what the tracked tables are like now; true if something was not known. What it writes is in the
/// changelog like any change, so all servers learn of it in commit order. To be called every few seconds: it is a few
/// look-ups in the catalog for each table and writes nothing if nothing is new. It waits for nobody's locks for long; what it could
/// not do, the next call does.
pub async fn refresh(pool: &PgPool) -> Result<bool, Error> {
    let refreshed: i32 = sqlx::query_scalar("select rowcast.refresh_tracked()").fetch_one(pool).await?;
    Ok(refreshed > 0)
}

/// Calls [`refresh`] now and then until `stop` is cancelled: where this role may not make event triggers, and for what they
/// could not finish. So are tables that somebody may have written to unnoticed, before a server was there.
pub async fn follow(pool: PgPool, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        match refresh(&pool).await {
            Ok(true) => tracing::info!("the schema of a tracked table has changed"),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "the schema of the tracked tables cannot be looked at"),
        }
        if let Err(error) = retention::settle(&pool).await {
            tracing::debug!(%error, "what was written while no server was there is looked at later");
        }
    }
}
