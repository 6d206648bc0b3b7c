//! Statements and transactions that leave nothing behind on the connection that they run on.
//!
//! Behind a pooler, each transaction may run in another session, which applications share. A statement that is prepared
//! under a name would stay there and collide with somebody else's; and sqlx prepares in one round trip and executes in the
//! next, between which only a transaction keeps the session. Hence the invariant: whatever the engine asks through a pool
//! is unnamed, in a transaction, and under settings that end with it. The one exception is the session of the tailer that
//! listens, see [`super::doorbell`].

use sqlx::{
    Database, FromRow, PgConnection, PgPool, Postgres, SqlSafeStr, Transaction,
    postgres::PgRow,
    query::{Query, QueryScalar},
};

pub(crate) type Arguments = <Postgres as Database>::Arguments;

/// How a transaction begins: as the engine's statements count on, whatever the database's defaults are. Servers wait for
/// each other's locks, but not for ever: one of them may have stalled.
const BEGIN: &str = "begin isolation level read committed; set local lock_timeout = '5s'";

/// A statement without a name.
pub(crate) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q, Postgres, Arguments> {
    sqlx::query(sql).persistent(false)
}

/// A statement without a name that returns one value.
pub(crate) fn query_scalar<'q, T>(sql: impl SqlSafeStr) -> QueryScalar<'q, Postgres, T, Arguments>
where
    (T,): for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

/// Begins a transaction on a connection of the pool.
pub(crate) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(BEGIN).await
}

/// Begins a transaction on a connection.
pub(crate) async fn begin_on(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
    sqlx::Connection::begin_with(connection, BEGIN).await
}

/// Runs one statement in a transaction of its own.
pub(crate) async fn execute(pool: &PgPool, statement: Query<'_, Postgres, Arguments>) -> Result<(), sqlx::Error> {
    let mut transaction = begin(pool).await?;
    statement.execute(&mut *transaction).await?;
    transaction.commit().await
}

/// Runs one statement in a transaction of its own. How many rows it wrote.
pub(crate) async fn affect(pool: &PgPool, statement: Query<'_, Postgres, Arguments>) -> Result<u64, sqlx::Error> {
    let mut transaction = begin(pool).await?;
    let done = statement.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(done.rows_affected())
}

/// Runs one statement in a transaction of its own. What its rows say.
pub(crate) async fn all<T>(pool: &PgPool, statement: Query<'_, Postgres, Arguments>) -> Result<Vec<T>, sqlx::Error>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    rows(pool, statement).await?.iter().map(T::from_row).collect()
}

/// Runs one statement in a transaction of its own. What its row says, if it has one.
pub(crate) async fn first<T>(pool: &PgPool, statement: Query<'_, Postgres, Arguments>) -> Result<Option<T>, sqlx::Error>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    rows(pool, statement).await?.first().map(T::from_row).transpose()
}

/// Runs one statement in a transaction of its own. Its rows.
pub(crate) async fn rows(pool: &PgPool, statement: Query<'_, Postgres, Arguments>) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut transaction = begin(pool).await?;
    let rows = statement.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows)
}

/// Runs one statement in a transaction of its own. Its value.
pub(crate) async fn value<T>(
    pool: &PgPool,
    statement: QueryScalar<'_, Postgres, T, Arguments>,
) -> Result<T, sqlx::Error>
where
    T: Send + Unpin,
    (T,): Send + Unpin + for<'r> FromRow<'r, PgRow>,
{
    let mut transaction = begin(pool).await?;
    let value = statement.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(value)
}
