//! Demo data: a table such as anybody might have one, with rows such as somebody might have in it.

pub use crate::app::inventory::ROOM;
use crate::app::inventory::seed;
use sqlx::PgPool;

/// The table that the demo tracks.
pub const TABLE: &str = "public.products";

/// Any number of our own: two servers that start at once must not both create the table.
const LOCK: i64 = 0x726f_7763_6173_7401;

/// Why the demo data could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Somebody has a table of that name for something else.
    #[error(
        "there is a table public.products that is not the demo's: it has no column {0}. Rowcast leaves it alone; \
         start without demo data, or with another database"
    )]
    ForeignTable(String),
    /// The database refused.
    #[error("the demo data could not be installed")]
    Database(#[from] sqlx::Error),
}

/// Creates `public.products` and fills it, unless it is there already. What people did to the rows stays.
pub async fn install(pool: &PgPool) -> Result<(), DemoError> {
    // Statements have no names: behind a pooler, the session belongs to others, too.
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(&mut *transaction).await?;
    let exists = sqlx::query_scalar("select to_regclass('public.products') is not null").persistent(false);
    let exists: bool = exists.fetch_one(&mut *transaction).await?;
    if exists {
        let missing: Option<String> = sqlx::query_scalar(include_str!("inventory/missing_column.sql"))
            .persistent(false)
            .bind(seed::COLUMNS.as_slice())
            .fetch_optional(&mut *transaction)
            .await?;
        return missing.map_or(Ok(()), |column| Err(DemoError::ForeignTable(column)));
    }
    sqlx::raw_sql(include_str!("inventory/schema.sql")).execute(&mut *transaction).await?;
    seed::insert(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}
