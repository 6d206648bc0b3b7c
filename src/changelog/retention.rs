//! How far back the changelog reaches.
//!
//! Marks say, once in a while, below which number every transaction had ended. What is older than the retention is
//! everything below the newest mark that is itself older. First the horizon moves, then the rows go, a few at a time:
//! a reader who needs a row below the horizon is told to resync whether the row is still there or not.

use super::Error;
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most rows removed by one statement.
const CHUNK: i64 = 10_000;

/// When to prune what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Changes older than this are pruned.
    pub age: Duration,
    /// How often to look.
    pub interval: Duration,
}

impl Retention {
    /// Prunes now and then until `stop` is cancelled.
    pub async fn run(self, pool: PgPool, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.interval) => {}
            }
            match prune(&pool, self.age).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "pruned the changelog"),
                Err(error) => tracing::warn!(%error, "the changelog could not be pruned; trying again later"),
            }
        }
    }
}

/// Sets a mark, and removes the changes of transactions that had ended `age` ago. Returns how many. Safe to call from
/// several servers at once.
pub async fn prune(pool: &PgPool, age: Duration) -> Result<u64, Error> {
    sqlx::query("insert into rowcast.mark default values on conflict do nothing").execute(pool).await?;
    sqlx::query(include_str!("move_horizon.sql")).bind(age.as_secs_f64()).execute(pool).await?;
    let mut removed = 0;
    loop {
        let chunk = sqlx::query(include_str!("prune.sql")).bind(CHUNK).execute(pool).await?.rows_affected();
        removed += chunk;
        if chunk == 0 {
            return Ok(removed);
        }
    }
}
