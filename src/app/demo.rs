//! Demo data: tables such as anybody might have them, with rows such as somebody might have in them.

pub use crate::app::inventory::ROOM;
use crate::{
    app::{inventory::seed, online, product},
    capture::{self, TrackError, Tracked, Trust},
    chat::demo as chat,
    hub::{Policy, rooms::Rule},
    orders::demo as orders,
    protocol::Role,
    rights::{self, RightsError},
    rules::{self, RuleError},
};
use sqlx::{PgConnection, PgPool};

/// The table of products, which the demo tracks besides those of orders.
pub const TABLE: &str = "public.products";

/// What became of their pieces.
pub const MOVEMENTS: &str = "public.stock_movements";

/// Files that people import.
pub const IMPORTS: &str = "public.imports";

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
    /// The same of a table of chat.
    #[error(
        "there is a table {0} that is not the demo's. Rowcast leaves it alone; start without demo data, or with another database"
    )]
    ForeignChat(&'static str),
    /// The orders could not be installed.
    #[error(transparent)]
    Orders(#[from] orders::DemoOrdersError),
    /// The database refused.
    #[error("the demo data could not be installed")]
    Database(#[from] sqlx::Error),
}

/// Why the demo's tables are not live.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// They could not be tracked.
    #[error(transparent)]
    Track(#[from] TrackError),
    /// What is to be seen of them could not be granted.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// Who may see who else is there could not be said.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Creates `public.products` and the tables of orders and chat and fills them, unless they are there already. What people did to the rows
/// stays. The accounts of the demo have orders if they are there before.
pub async fn install(pool: &PgPool) -> Result<(), DemoError> {
    // Statements have no names: behind a pooler, the session belongs to others, too.
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(&mut *transaction).await?;
    install_products(&mut transaction).await?;
    orders::install(&mut transaction).await?;
    if let Some(table) = chat::foreign(&mut transaction).await? {
        return Err(DemoError::ForeignChat(table));
    }
    chat::install(&mut transaction).await?;
    transaction.commit().await?;
    // For a demo that was made before, this may have to wait, or not be this role's to do: without it, some figures are missing.
    if let Err(error) = furnish_dashboard(pool).await {
        tracing::warn!(error, "the dashboard lacks figures until the columns for them can be added, at the next start");
    }
    if let Err(error) = furnish_products(pool).await {
        tracing::warn!(error, "the pages of products lack what became of their pieces, until the next start");
    }
    if let Err(error) = furnish_chat(pool).await {
        tracing::warn!(error, "nobody can be named in chat until the table for it can be made, at the next start");
    }
    if let Err(error) = furnish_imports(pool).await {
        tracing::warn!(error, "files cannot be imported until the tables for them can be made, at the next start");
    }
    Ok(())
}

/// Adds what chat needs, once.
async fn furnish_chat(pool: &PgPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(&mut *transaction).await?;
    chat::furnish(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Adds what imports need, once.
async fn furnish_imports(pool: &PgPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(&mut *transaction).await?;
    let is_there = sqlx::query_scalar("select to_regclass('public.imports') is not null").persistent(false);
    if is_there.fetch_one(&mut *transaction).await? {
        return Ok(());
    }
    sqlx::raw_sql(include_str!("inventory/import/schema.sql")).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Adds what the dashboard needs, once: also to a demo that was made before there was one.
async fn furnish_dashboard(pool: &PgPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(&mut *transaction).await?;
    let is_there = sqlx::query_scalar(
        "select exists (select from pg_attribute
                        where attrelid = 'public.products'::regclass and attname = 'value' and not attisdropped)",
    );
    if is_there.persistent(false).fetch_one(&mut *transaction).await? {
        return Ok(());
    }
    sqlx::raw_sql(include_str!("dashboard/columns.sql")).execute(&mut *transaction).await?;
    for role in [Role::Staff, Role::Admin] {
        let colleagues = Rule { pattern: online::ROOM.to_owned(), role, may_publish: false, history: None };
        rules::allow(pool, &colleagues).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Adds what the pages of products need, once.
async fn furnish_products(pool: &PgPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").persistent(false).bind(LOCK).execute(&mut *transaction).await?;
    let is_there = sqlx::query_scalar("select to_regclass('public.stock_movements') is not null").persistent(false);
    if is_there.fetch_one(&mut *transaction).await? {
        return Ok(());
    }
    sqlx::raw_sql(include_str!("product/schema.sql")).execute(&mut *transaction).await?;
    for role in [Role::Staff, Role::Admin] {
        let others = Rule { pattern: product::ROOMS.to_owned(), role, may_publish: false, history: None };
        rules::allow(pool, &others).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn install_products(connection: &mut PgConnection) -> Result<(), DemoError> {
    let exists = sqlx::query_scalar("select to_regclass('public.products') is not null").persistent(false);
    let exists: bool = exists.fetch_one(&mut *connection).await?;
    if exists {
        let missing: Option<String> = sqlx::query_scalar(include_str!("inventory/missing_column.sql"))
            .persistent(false)
            .bind(seed::COLUMNS.as_slice())
            .fetch_optional(connection)
            .await?;
        return missing.map_or(Ok(()), |column| Err(DemoError::ForeignTable(column)));
    }
    sqlx::raw_sql(include_str!("inventory/schema.sql")).execute(&mut *connection).await?;
    seed::insert(connection).await?;
    Ok(())
}

/// Makes the demo's tables live, each for those who may see it. What was granted of a table that is live already stays as it is.
pub async fn show(pool: &PgPool) -> Result<(), ShowError> {
    let products = [Role::Customer, Role::Staff, Role::Admin].map(Policy::all).into();
    let tables = orders::TABLES.map(|table| (table, orders::policies(table)));
    let mut of_staff = Vec::new();
    for table in [MOVEMENTS, IMPORTS] {
        let is_there = sqlx::query_scalar("select to_regclass($1) is not null").persistent(false).bind(table);
        if is_there.fetch_one(pool).await.map_err(RightsError::from)? {
            of_staff.push((table, [Role::Staff, Role::Admin].map(Policy::all).into()));
        }
    }
    let talk = chat::TABLES.map(|table| (table, chat::policies()));
    for (table, policies) in [(TABLE, products)].into_iter().chain(tables).chain(of_staff).chain(talk) {
        if let Tracked::Now { .. } = capture::track(pool, table, Trust::Checked).await? {
            for policy in policies {
                rights::grant(pool, table, policy).await?;
            }
            if table == TABLE {
                show_who_is_there(pool).await?;
            }
            if table == chat::TABLES[0] {
                for rule in chat::rules() {
                    rules::allow(pool, &rule).await?;
                }
            }
        }
    }
    Ok(())
}

async fn show_who_is_there(pool: &PgPool) -> Result<(), RuleError> {
    for role in [Role::Customer, Role::Staff, Role::Admin] {
        rules::allow(pool, &Rule { pattern: ROOM.to_owned(), role, may_publish: false, history: None }).await?;
    }
    Ok(())
}
