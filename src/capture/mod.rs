//! Capture: attaching tables to the changelog and detaching them.
//!
//! The capture function itself, and what follows a table through changes of its schema, is SQL and lives in `migrations`.
//! Here is who gets its triggers: which tables can be tracked, and clear refusals for those that cannot.
//!
//! Invariant: a table is in `rowcast.tracked` if and only if it has the triggers, from one and the same commit on.

mod error;
mod table;

use crate::changelog::{
    quote,
    statement::{self, query, query_scalar},
};
pub use error::TrackError;
use sqlx::{AssertSqlSafe, PgPool, Row};
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
    let mut transaction = statement::begin(pool).await?;
    prepare(&mut transaction).await?;
    let Found { oid, partitioned, display, key } = table::find(&mut transaction, name, trust).await?;
    let failed = |error| TrackError::from_sql(error, &display);
    // Whoever else tracks it at the same time comes after.
    run(&mut transaction, format!("lock table only {display} in share row exclusive mode")).await.map_err(failed)?;
    let attached: Option<i32> =
        query_scalar(include_str!("attached.sql")).bind(oid).fetch_optional(&mut *transaction).await.map_err(failed)?;
    if attached.is_some() {
        return Ok(Tracked::Already { table: display });
    }
    let id: i32 = query_scalar("select nextval(pg_get_serial_sequence('rowcast.tracked', 'id'))::integer")
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
    for statement in triggers(id, partitioned, &display) {
        run(&mut transaction, statement).await.map_err(failed)?;
    }
    query("select rowcast.arm($1, $2)").bind(id).bind(oid).execute(&mut *transaction).await.map_err(failed)?;
    query(include_str!("insert.sql")).bind(id).bind(oid).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await?;
    Ok(Tracked::Now { table: display, key })
}

/// What makes the triggers of a table. Where rows are in partitions, Postgres gives each of them the trigger for rows, under a
/// name that one of the partition's own cannot have; what each of them needs besides is `rowcast.arm`'s business.
fn triggers(id: i32, partitioned: bool, table: &str) -> Vec<String> {
    let each_row = |trigger: &str| {
        format!(
            "create trigger {} after insert or update or delete on {table}
             for each row execute function rowcast.capture('{id}')",
            quote(trigger)
        )
    };
    if partitioned {
        return vec![each_row(&format!("{TRIGGER}_{id}"))];
    }
    vec![
        // What is left of a number that nobody knows any more.
        format!("drop trigger if exists {} on {table}", quote(TRIGGER)),
        format!("drop trigger if exists {} on {table}", quote(TRUNCATE_TRIGGER)),
        each_row(TRIGGER),
        format!(
            "create trigger {} after truncate on {table}
             for each statement execute function rowcast.capture('{id}')",
            quote(TRUNCATE_TRIGGER)
        ),
    ]
}

/// Runs a statement in which identifiers are quoted and all else is ours.
async fn run(connection: &mut sqlx::PgConnection, statement: String) -> Result<(), sqlx::Error> {
    query(AssertSqlSafe(statement)).execute(connection).await.map(drop)
}

/// Undoes [`track`]. Returns the table's name, quoted as SQL needs it. Works for tables that no longer exist, or that got
/// another name without anybody noticing, too.
pub async fn untrack(pool: &PgPool, name: &str) -> Result<String, TrackError> {
    if !is_installed(pool).await? {
        return Err(TrackError::NotTracked { name: name.to_owned() });
    }
    let mut transaction = statement::begin(pool).await?;
    prepare(&mut transaction).await?;
    let FoundTracked { id, display } = table::find_tracked(&mut transaction, name).await?;
    for statement in ["select rowcast.disarm($1)", "delete from rowcast.tracked where id = $1"] {
        query(statement)
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(|error| TrackError::from_sql(error, &display))?;
    }
    transaction.commit().await?;
    // Nobody can resume from them any more. Not in the transaction above: there may be many.
    statement::execute(pool, query("select rowcast.forget($1)").bind(id)).await?;
    Ok(display)
}

/// The tracked tables, in the order of their names.
pub async fn list(pool: &PgPool) -> Result<Vec<Listed>, TrackError> {
    if !is_installed(pool).await? {
        return Ok(Vec::new());
    }
    let rows = statement::rows(pool, query(include_str!("list.sql"))).await?;
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
    Ok(statement::value(pool, query_scalar("select to_regclass('rowcast.tracked') is not null")).await?)
}

/// Event triggers need not look at what is done here.
async fn prepare(connection: &mut sqlx::PgConnection) -> Result<(), TrackError> {
    query("select set_config('lock_timeout', $1, true), set_config('rowcast.refreshing', 'on', true)")
        .bind(LOCK_TIMEOUT)
        .execute(connection)
        .await?;
    Ok(())
}
