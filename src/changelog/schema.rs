//! Creates and upgrades the engine's own schema, and looks at the schema of what is tracked.

use super::{
    Error, retention,
    statement::{self, query, query_scalar},
};
use sqlx::{
    PgConnection, PgPool, Row,
    migrate::{MigrateError, Migration, Migrator},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often to look for changes of the schema that Postgres itself does not tell.
const LOOK: Duration = Duration::from_secs(3);

static MIGRATIONS: Migrator = sqlx::migrate!("src/migrations");

/// Brings the schema `rowcast` up to date. Touches nothing else, and does nothing if it is up to date. Safe to call from
/// several servers at once.
///
/// Each migration is a transaction that sees for itself what is missing: sqlx's own way to run them keeps a lock and named
/// statements in its session, which a pooler may give to others. What it notes of them is the same.
pub async fn install(pool: &PgPool) -> Result<(), Error> {
    while step(pool).await? {}
    watch(pool).await
}

/// Runs the first migration that is missing. False if there is none.
async fn step(pool: &PgPool) -> Result<bool, Error> {
    let mut transaction = statement::begin(pool).await.map_err(Error::Connect)?;
    let execute = |error| Error::from(MigrateError::Execute(error));
    // Whoever else does it at the same time comes after, however long a migration takes.
    sqlx::raw_sql("set local lock_timeout = 0; select pg_advisory_xact_lock(1919907683, 5)")
        .execute(&mut *transaction)
        .await
        .map_err(execute)?;
    let is_there = query_scalar("select to_regclass('rowcast.migration') is not null").fetch_one(&mut *transaction);
    if !is_there.await.map_err(execute)? {
        sqlx::raw_sql(include_str!("migration.sql")).execute(&mut *transaction).await.map_err(execute)?;
    }
    let Some(migration) = missing(&mut transaction).await? else { return Ok(false) };
    let failed = |error| Error::from(MigrateError::ExecuteMigration(error, migration.version));
    sqlx::raw_sql(migration.sql.clone()).execute(&mut *transaction).await.map_err(failed)?;
    query("insert into rowcast.migration (version, description, success, checksum, execution_time) values ($1, $2, true, $3, 0)")
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}

/// The first migration that has not been run.
async fn missing(connection: &mut PgConnection) -> Result<Option<&'static Migration>, Error> {
    let execute = |error| Error::from(MigrateError::Execute(error));
    let rows = query("select version, checksum from rowcast.migration").fetch_all(connection).await.map_err(execute)?;
    let mut known = std::collections::HashMap::new();
    for row in rows {
        let (version, checksum): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        if !MIGRATIONS.version_exists(version) {
            return Err(MigrateError::VersionMissing(version).into());
        }
        known.insert(version, checksum);
    }
    for migration in MIGRATIONS.migrations.iter() {
        match known.get(&migration.version) {
            None => return Ok(Some(migration)),
            Some(checksum) if **checksum != *migration.checksum => {
                return Err(MigrateError::VersionMismatch(migration.version).into());
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

/// Has Postgres itself tell of changes of the schema, in the transactions that make them, if it lets this role make event
/// triggers. Otherwise they are known when [`refresh`] is called.
async fn watch(pool: &PgPool) -> Result<(), Error> {
    let watched: bool = statement::value(pool, query_scalar("select rowcast.watch_schema()")).await?;
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
    let refreshed: i32 = statement::value(pool, query_scalar("select rowcast.refresh_tracked()")).await?;
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
