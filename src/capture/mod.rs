//! Capture: attaching tables to the changelog and detaching them.
//!
//! The capture function itself is SQL and lives in `migrations/0001_engine.sql`. Here is who gets its triggers: which
//! tables can be tracked, and clear refusals for those that cannot.
//!
//! Invariant: a table is in `rowcast.tracked` if and only if it has the triggers, from one and the same commit on.

mod error;
mod table;

use crate::changelog::quote;
pub use error::TrackError;
use sqlx::{AssertSqlSafe, Connection, PgPool, Row};
use table::{Found, FoundTracked};

/// Fires before the table's own after-triggers, which run in the order of their names: one that writes the same row
/// again would otherwise be captured before the write that it reacts to.
const TRIGGER: &str = "00_rowcast_capture";
const TRUNCATE_TRIGGER: &str = "00_rowcast_capture_truncate";

/// Attaching waits at most this long for writers that have the table locked; then it gives way.
const LOCK_TIMEOUT: &str = "5s";

/// What `track` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// The table is tracked from now on.
    Now {
        /// `schema.table`, quoted as SQL needs it.
        table: String,
        /// Columns of its key.
        key: Vec<String>,
    },
    /// It was tracked already.
    Already {
        /// `schema.table`, quoted as SQL needs it.
        table: String,
    },
}

/// One line of the list of tracked tables.
#[derive(Clone, Debug)]
pub struct Listed {
    /// `schema.table`, quoted as SQL needs it.
    pub table: String,
    /// Whether it still exists under this name, with the triggers that capture it.
    pub exists: bool,
    /// Changes that the changelog holds of it.
    pub changes: i64,
    /// Age of the oldest of them, in seconds.
    pub oldest_seconds: Option<f64>,
    /// Age of the newest of them, in seconds.
    pub newest_seconds: Option<f64>,
    /// Since when it has been tracked, as ISO 8601 in UTC.
    pub since: String,
}

/// Whether the owner of a table may be given the rights of the role that captures and reads its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Only if the owner has these rights anyway.
    Checked,
    /// Somebody has decided so.
    Given,
}

/// Makes the changes of a table go to the changelog. `name` is as one would write it in SQL. Tracking a tracked table
/// changes nothing.
pub async fn track(pool: &PgPool, name: &str, trust: Trust) -> Result<Tracked, TrackError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    lock_timeout(&mut transaction).await?;
    let Found { schema, table, display, key } = table::find(&mut transaction, name, trust).await?;
    let attached = table::attached_id(&mut transaction, &display).await?;
    let tracked: Option<i32> =
        sqlx::query_scalar("select id from rowcast.tracked where schema_name = $1 and table_name = $2")
            .bind(&schema)
            .bind(&table)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| TrackError::from_sql(error, &display))?;
    match (tracked, attached) {
        (None, None) => {}
        (Some(tracked), Some(attached)) if tracked == attached => return Ok(Tracked::Already { table: display }),
        _ => return Err(TrackError::Replaced { table: display }),
    }
    let id: i32 = sqlx::query_scalar(
        "insert into rowcast.tracked (schema_name, table_name, key, relid, columns)
         values ($1, $2, $3, to_regclass($4), rowcast.columns_of(to_regclass($4))) returning id",
    )
    .bind(&schema)
    .bind(&table)
    .bind(&key)
    .bind(&display)
    .fetch_one(&mut *transaction)
    .await
    .map_err(|error| TrackError::from_sql(error, &display))?;
    let target = format!("{}.{}", quote(&schema), quote(&table));
    let statements = [
        format!(
            "create trigger {0} after insert or update or delete on {target}
             for each row execute function rowcast.capture('{id}')",
            quote(TRIGGER)
        ),
        format!(
            "create trigger {0} after truncate on {target}
             for each statement execute function rowcast.capture('{id}')",
            quote(TRUNCATE_TRIGGER)
        ),
        // Also for what replication applies, and for sessions that switch triggers off to load data.
        format!("alter table {target} enable always trigger {}", quote(TRIGGER)),
        format!("alter table {target} enable always trigger {}", quote(TRUNCATE_TRIGGER)),
    ];
    for statement in statements {
        // Identifiers are quoted; the id is a number.
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut *transaction)
            .await
            .map_err(|error| TrackError::from_sql(error, &display))?;
    }
    transaction.commit().await?;
    Ok(Tracked::Now { table: display, key })
}

/// Undoes [`track`]. Returns the table's name, quoted as SQL needs it. Works for tables that no longer exist, or have another
/// name by now, too.
pub async fn untrack(pool: &PgPool, name: &str) -> Result<String, TrackError> {
    if !is_installed(pool).await? {
        return Err(TrackError::NotTracked { name: name.to_owned() });
    }
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    lock_timeout(&mut transaction).await?;
    let FoundTracked { id, display, attached } = table::find_tracked(&mut transaction, name).await?;
    if let Some(target) = attached {
        for trigger in [TRIGGER, TRUNCATE_TRIGGER] {
            let statement = format!("drop trigger if exists {} on {target}", quote(trigger));
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut *transaction)
                .await
                .map_err(|error| TrackError::from_sql(error, &target))?;
        }
    }
    sqlx::query("delete from rowcast.tracked where id = $1")
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(|error| TrackError::from_sql(error, &display))?;
    transaction.commit().await?;
    // Nobody can resume from them any more. Not in the transaction above: there may be many.
    sqlx::query("select rowcast.forget($1)").bind(id).execute(pool).await?;
    Ok(display)
}

/// The tracked tables, in the order of their names.
pub async fn list(pool: &PgPool) -> Result<Vec<Listed>, TrackError> {
    if !is_installed(pool).await? {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(include_str!("list.sql")).fetch_all(pool).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Listed {
                table: row.try_get("name")?,
                exists: row.try_get("present")?,
                changes: row.try_get("changes")?,
                oldest_seconds: row.try_get("oldest")?,
                newest_seconds: row.try_get("newest")?,
                since: row.try_get("since")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(TrackError::from)
}

/// Whether the database has the engine's schema. Asking what is tracked should not make it.
async fn is_installed(pool: &PgPool) -> Result<bool, TrackError> {
    Ok(sqlx::query_scalar("select to_regclass('rowcast.tracked') is not null").fetch_one(pool).await?)
}

async fn lock_timeout(connection: &mut sqlx::PgConnection) -> Result<(), TrackError> {
    sqlx::query("select set_config('lock_timeout', $1, true)").bind(LOCK_TIMEOUT).execute(connection).await?;
    Ok(())
}
