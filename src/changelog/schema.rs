//! Creates and upgrades the engine's own schema.

use super::Error;
use sqlx::{PgPool, migrate::Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("src/migrations");

/// Brings the schema `rowcast` up to date. Touches nothing else, and does nothing if it is up to date. Safe to call from
/// several servers at once.
pub async fn install(pool: &PgPool) -> Result<(), Error> {
    let mut migrator = Migrator { migrations: MIGRATIONS.migrations.clone(), ..Migrator::DEFAULT };
    migrator.create_schema("rowcast");
    migrator.dangerous_set_table_name("rowcast.migration");
    migrator.run(pool).await?;
    Ok(())
}
