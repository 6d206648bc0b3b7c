//! Which continuous history the database is: the part of the epoch that is Rowcast's own.
//!
//! Postgres tells by itself when a database is another one, or on another timeline. What it cannot tell is that its files
//! are those of last week: a storage snapshot that recovers like after a crash goes on as if nothing had happened. Then the
//! id must be renewed, by whoever restored it or by the tailer that finds the database behind what it has read.

use super::{
    Error,
    statement::{self, query, query_scalar},
};
use sqlx::{Executor, PgPool, Postgres};

/// Reads the id.
pub(super) async fn id<'c>(database: impl Executor<'c, Database = Postgres>) -> Result<String, Error> {
    Ok(query_scalar("select id::text from rowcast.history").fetch_one(database).await?)
}

/// Begins a new history: no position of before means anything any more. Servers that run notice at once, and every client
/// starts over.
pub async fn renew(pool: &PgPool) -> Result<(), Error> {
    let renew =
        query("with renewed as (update rowcast.history set id = gen_random_uuid()) select pg_notify('rowcast', '')");
    Ok(statement::execute(pool, renew).await?)
}

/// Begins a new history unless somebody has begun one since `known`: of several servers that find the same, one does it.
pub(super) async fn end(pool: &PgPool, known: &str) -> Result<(), Error> {
    let renew = query("update rowcast.history set id = gen_random_uuid() where id::text = $1").bind(known);
    Ok(statement::execute(pool, renew).await?)
}
