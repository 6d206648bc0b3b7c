//! Finds the table that a name means, and refuses what cannot be tracked.

use super::{TrackError, Trust};
use crate::changelog::statement::{query, query_scalar};
use sqlx::{PgConnection, Row, postgres::types::Oid};

/// A table that can be tracked.
pub(super) struct Found {
    pub(super) oid: Oid,
    pub(super) partitioned: bool,
    /// Quoted as SQL needs it.
    pub(super) display: String,
    pub(super) key: Vec<String>,
}

/// Finds a table by a name as one would write it in SQL.
pub(super) async fn find(connection: &mut PgConnection, name: &str, trust: Trust) -> Result<Found, TrackError> {
    let oid = resolve(connection, name).await?.ok_or_else(|| TrackError::Missing { name: name.to_owned() })?;
    let row = query(include_str!("find.sql")).bind(oid).fetch_one(connection).await?;
    let (schema, display): (String, String) = (row.try_get("schema_name")?, row.try_get("display")?);
    let kind: String = row.try_get("kind")?;
    let persistence: String = row.try_get("persistence")?;
    let key: Vec<String> = row.try_get("key")?;
    let unsuitable = |what: &'static str| Err(TrackError::Unsuitable { table: display.clone(), what });
    // How far projections have come is the one thing of ours that pages may show.
    let is_ours = schema == "rowcast" && display != "rowcast.projection";
    if is_ours || schema == "pg_catalog" || schema == "information_schema" {
        return unsuitable("a system table; only tables of applications can be tracked");
    }
    match (kind.as_str(), persistence.as_str()) {
        ("r" | "p", "p") => {}
        ("r" | "p", "u") => {
            return unsuitable(
                "unlogged: a crash empties it without anybody being told; `alter table … set logged` first",
            );
        }
        ("r" | "p", _) => return unsuitable("a temporary table, which only one session can see"),
        ("v", _) => return unsuitable("a view; track the tables that it reads"),
        ("m", _) => return unsuitable("a materialized view; track the tables that it reads"),
        ("f", _) => return unsuitable("a foreign table; track it in the database that it lives in"),
        _ => return unsuitable("not a table"),
    }
    let partitioned = kind == "p";
    if !partitioned && row.try_get("has_children")? {
        return unsuitable(
            "a parent in table inheritance, whose primary key does not hold for its children; they can be tracked one by one",
        );
    }
    if row.try_get("has_unsuitable_partitions")? {
        return unsuitable(
            "partitioned, and among its partitions are foreign or unlogged tables, whose changes would be missed; its other \
             partitions can be tracked one by one",
        );
    }
    if row.try_get("has_virtual")? {
        return unsuitable(
            "a table with a virtual generated column, whose value no trigger sees; drop the column and add it again as \
             `generated always as (…) stored` first",
        );
    }
    if row.try_get("has_money")? {
        return unsuitable(
            "a table with a column of type money, or made of it, which reads differently in each session (lc_monetary); \
             `alter table … alter column … type numeric` first",
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
    Ok(Found { oid, partitioned, display, key })
}

/// A table that is tracked, or was.
pub(super) struct FoundTracked {
    pub(super) id: i32,
    /// As it is called, as far as is known, quoted as SQL needs it.
    pub(super) display: String,
}

/// Finds a tracked table by the name that it has, or is known by.
pub(super) async fn find_tracked(connection: &mut PgConnection, name: &str) -> Result<FoundTracked, TrackError> {
    let oid = resolve(connection, name).await?;
    let row = query(include_str!("find_tracked.sql"))
        .bind(oid)
        .bind(name)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| TrackError::NotTracked { name: name.to_owned() })?;
    Ok(FoundTracked { id: row.try_get("id")?, display: row.try_get("display")? })
}

/// A name that is not even one by SQL's rules means nothing.
async fn resolve(connection: &mut PgConnection, name: &str) -> Result<Option<Oid>, TrackError> {
    let mut savepoint = sqlx::Connection::begin(connection).await?;
    let found = query_scalar("select to_regclass($1)::oid").bind(name).fetch_one(&mut *savepoint).await;
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
