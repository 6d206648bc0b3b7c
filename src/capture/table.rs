//! Finds the table that a name means, and refuses what cannot be tracked.

use super::{TRIGGER, TrackError, Trust};
use sqlx::{PgConnection, Row, postgres::types::Oid};

/// A table that can be tracked.
pub(super) struct Found {
    pub(super) schema: String,
    pub(super) table: String,
    /// Quoted as SQL needs it.
    pub(super) display: String,
    pub(super) key: Vec<String>,
}

/// Finds a table by a name as one would write it in SQL.
pub(super) async fn find(connection: &mut PgConnection, name: &str, trust: Trust) -> Result<Found, TrackError> {
    let oid = resolve(connection, name).await?.ok_or_else(|| TrackError::Missing { name: name.to_owned() })?;
    let row = sqlx::query(include_str!("find.sql")).bind(oid).fetch_one(connection).await?;
    let (schema, table, display): (String, String, String) =
        (row.try_get("schema_name")?, row.try_get("table_name")?, row.try_get("display")?);
    let kind: String = row.try_get("kind")?;
    let persistence: String = row.try_get("persistence")?;
    let key: Vec<String> = row.try_get("key")?;
    let unsuitable = |what: &'static str| Err(TrackError::Unsuitable { table: display.clone(), what });
    if schema == "rowcast" || schema == "pg_catalog" || schema == "information_schema" {
        return unsuitable("a system table; only tables of applications can be tracked");
    }
    match (kind.as_str(), persistence.as_str()) {
        ("r", "p") => {}
        ("r", "u") => {
            return unsuitable(
                "unlogged: a crash empties it without anybody being told; `alter table … set logged` first",
            );
        }
        ("r", _) => return unsuitable("a temporary table, which only one session can see"),
        ("v", _) => return unsuitable("a view; track the tables that it reads"),
        ("m", _) => return unsuitable("a materialized view; track the tables that it reads"),
        ("f", _) => return unsuitable("a foreign table; track it in the database that it lives in"),
        ("p", _) => {
            return unsuitable("partitioned, which is not supported yet; its partitions can be tracked one by one");
        }
        _ => return unsuitable("not a table"),
    }
    if row.try_get("has_children")? {
        return unsuitable(
            "a parent in table inheritance, which is not supported yet; its children can be tracked one by one",
        );
    }
    if !row.try_get::<bool, _>("is_owner")? {
        let (owner, role) = (row.try_get("owner")?, row.try_get("me")?);
        return Err(TrackError::NotOwner { table: display, owner, role });
    }
    if trust == Trust::Checked && !row.try_get::<bool, _>("is_trusted")? {
        let (owner, capturer) = (row.try_get("owner")?, row.try_get("capturer")?);
        return Err(TrackError::OwnerNotTrusted { table: display, owner, capturer });
    }
    if key.is_empty() {
        return Err(TrackError::NoPrimaryKey { table: display });
    }
    Ok(Found { schema, table, display, key })
}

/// A table that is tracked, or was.
pub(super) struct FoundTracked {
    pub(super) id: i32,
    /// As it was called when it was tracked, quoted as SQL needs it.
    pub(super) display: String,
    /// What its triggers are on, quoted as SQL needs it: it may have another name by now, or be gone.
    pub(super) attached: Option<String>,
}

/// Finds a tracked table by the name that it has, or had when it was tracked.
pub(super) async fn find_tracked(connection: &mut PgConnection, name: &str) -> Result<FoundTracked, TrackError> {
    let oid = resolve(connection, name).await?;
    let row = sqlx::query(include_str!("find_tracked.sql"))
        .bind(oid)
        .bind(name)
        .bind(TRIGGER)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| TrackError::NotTracked { name: name.to_owned() })?;
    Ok(FoundTracked { id: row.try_get("id")?, display: row.try_get("display")?, attached: row.try_get("attached")? })
}

/// The tracked id that a table's trigger names, if it has the trigger.
pub(super) async fn attached_id(connection: &mut PgConnection, table: &str) -> Result<Option<i32>, TrackError> {
    Ok(sqlx::query_scalar(
        "select encode(substr(tgargs, 1, length(tgargs) - 1), 'escape')::integer
         from pg_trigger where tgname = $2 and tgrelid = to_regclass($1)",
    )
    .bind(table)
    .bind(TRIGGER)
    .fetch_optional(connection)
    .await?)
}

/// A name that is not even one by SQL's rules means nothing.
async fn resolve(connection: &mut PgConnection, name: &str) -> Result<Option<Oid>, TrackError> {
    let mut savepoint = sqlx::Connection::begin(connection).await?;
    let found = sqlx::query_scalar("select to_regclass($1)::oid").bind(name).fetch_one(&mut *savepoint).await;
    match found {
        Ok(oid) => {
            savepoint.commit().await?;
            Ok(oid)
        }
        // 42 syntax error or access rule violation, 0A feature not supported (a name with three dots).
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| code.starts_with("42") || code.starts_with("0A")) =>
        {
            savepoint.rollback().await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
