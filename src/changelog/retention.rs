//! How far back the changelog reaches, by age and by size.
//!
//! Marks say, now and then, where the database stood. The horizon is such a position: what it includes is pruned, what it
//! does not include is not, so a transaction that stays open for hours keeps its own rows and nobody else's. First the
//! horizon moves, then parts of the changelog of which the horizon includes everything are emptied: a reader who is not
//! beyond the horizon is told to resync whether the rows are still there or not.
//!
//! While no server is there, nobody prunes. Therefore writers stop adding changes once nobody could continue from any of them:
//! no server has been there for as long as changes are kept, or the changelog is as large as it may be. The next server to
//! [begin] has them go on; everybody starts over then.
//!
//! Emptying a part needs its lock for a moment. It is only tried, never waited for, because writers and the tailer would wait
//! behind it. Every step is safe while other servers do the same.

use super::{
    Error,
    read::{self, Scope},
    statement::{self, query, query_scalar},
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A part of the changelog is in use for this share of what is kept, of the age and of the size.
const SHARE: u32 = 3;

/// How long a server that begins waits for those who wrote while changes were not added.
const SETTLE: Duration = Duration::from_secs(10);
/// Between two looks whether they have ended.
const SETTLE_PAUSE: Duration = Duration::from_millis(50);

/// How often to try to lock a part that readers hold for a moment.
const LOCK_TRIES: u32 = 20;
/// Between two of these.
const LOCK_PAUSE: Duration = Duration::from_millis(7);

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Changes older than this are pruned.
    pub age: Duration,
    /// If the changelog takes more bytes than this, what is oldest is pruned.
    pub bytes: Option<u64>,
}

impl From<Duration> for Keep {
    fn from(age: Duration) -> Self {
        Self { age, bytes: None }
    }
}

/// When to prune what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How much is kept.
    pub keep: Keep,
    /// How often to set a mark, and to prune.
    pub interval: Duration,
}

impl Retention {
    /// Prunes at once, and now and then until `stop` is cancelled.
    pub async fn run(self, pool: PgPool, stop: CancellationToken) {
        loop {
            match prune(&pool, self.keep).await {
                Ok(0) => {}
                Ok(parts) => tracing::info!(parts, "pruned the changelog"),
                Err(error) => tracing::warn!(%error, "the changelog could not be pruned; trying again later"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }
}

/// What a server does before it reads the changelog: has writers add to it, if they had stopped because nobody was there.
///
/// Some may have written before and not committed yet. They are waited for, but not for long: the tables are read anew when
/// they have ended.
pub async fn begin(pool: &PgPool, keep: Keep) -> Result<(), Error> {
    attend(pool, keep).await?;
    let deadline = Instant::now() + SETTLE;
    while !settle(pool).await? {
        if Instant::now() > deadline {
            tracing::warn!(
                "a transaction is open from before this server began; what it wrote shows when it has ended"
            );
            break;
        }
        tokio::time::sleep(SETTLE_PAUSE).await;
    }
    Ok(())
}

/// Says that a server is there, and how much it keeps.
async fn attend(pool: &PgPool, keep: Keep) -> Result<(), Error> {
    resume(pool).await?;
    let keep_so = query(
        "update rowcast.history set keep = make_interval(secs => $1), keep_bytes = $2
         where (keep, keep_bytes) is distinct from (make_interval(secs => $1), $2::bigint)",
    )
    .bind(keep.age.as_secs_f64())
    .bind(keep.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)));
    Ok(statement::execute(pool, keep_so).await?)
}

/// Says that a server is there. From here on writers add to the changelog, if they had stopped.
pub(super) async fn resume(pool: &PgPool) -> Result<(), Error> {
    if statement::value(pool, query_scalar("select rowcast.resume()")).await? {
        tracing::info!("no server was there for so long that changes were no longer kept: every client starts over");
    }
    Ok(())
}

/// Whether nobody is left who wrote while changes were not added. When the last of them has ended, the tables are read anew.
pub(super) async fn settle(pool: &PgPool) -> Result<bool, Error> {
    Ok(statement::value(pool, query_scalar("select rowcast.settle()")).await?)
}

/// Sets a mark, and prunes what need not be kept. Returns how many parts of the changelog were emptied. Safe to call from
/// several servers at once.
pub async fn prune(pool: &PgPool, keep: impl Into<Keep>) -> Result<u64, Error> {
    let keep = keep.into();
    attend(pool, keep).await?;
    statement::execute(pool, query("insert into rowcast.mark default values on conflict do nothing")).await?;
    let move_horizon = query(include_str!("move_horizon.sql")).bind(keep.age.as_secs_f64());
    statement::execute(pool, move_horizon).await?;
    rotate(pool, keep).await?;
    let mut emptied = 0;
    for part in Part::all(pool).await?.into_iter().filter(|part| !part.current) {
        emptied += u64::from(part.empty(pool).await?);
    }
    if let Some(bytes) = keep.bytes {
        emptied += prune_to(pool, bytes).await?;
    }
    Ok(emptied)
}

/// Has new changes go to another part, if the current one is old or large enough.
async fn rotate(pool: &PgPool, keep: Keep) -> Result<(), Error> {
    let mut transaction = statement::begin(pool).await?;
    // The lock of those who pause and resume the changelog.
    query("select pg_advisory_xact_lock(1919907683, 4)").execute(&mut *transaction).await?;
    // Servers take turns: otherwise one could go back to what the other has left.
    query("select from rowcast.history for update").execute(&mut *transaction).await?;
    query(include_str!("rotate.sql"))
        .bind((keep.age / SHARE).as_secs_f64())
        .bind(keep.bytes.map(|bytes| i64::try_from(bytes / u64::from(SHARE)).unwrap_or(i64::MAX)))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Prunes one part after the other until no more than `bytes` are left, or nothing more can go.
async fn prune_to(pool: &PgPool, bytes: u64) -> Result<u64, Error> {
    let mut emptied = 0;
    let parts = Part::all(pool).await?;
    let mut left = parts.first().map_or(0, |part| part.all_bytes);
    for part in parts.into_iter().filter(|part| !part.current) {
        if left <= bytes {
            break;
        }
        part.move_horizon_past(pool).await?;
        if part.empty(pool).await? {
            emptied += 1;
            left = Part::all(pool).await?.first().map_or(0, |part| part.all_bytes);
        }
    }
    Ok(emptied)
}

/// A part of the changelog that has rows.
#[derive(Clone, Copy, Debug)]
struct Part {
    number: i64,
    /// Whether new changes go here.
    current: bool,
    /// The size of all parts.
    all_bytes: u64,
}

impl Part {
    /// Those with the earliest transactions first.
    async fn all(pool: &PgPool) -> Result<Vec<Self>, Error> {
        let rows = statement::rows(pool, query(include_str!("parts.sql"))).await?;
        rows.into_iter()
            .map(|row| {
                let all_bytes = u64::try_from(row.try_get::<i64, _>("all_bytes")?).unwrap_or_default();
                Ok(Self { number: row.try_get("number")?, current: row.try_get("current")?, all_bytes })
            })
            .collect()
    }

    /// A statement about this part. There is nothing in it but the number.
    fn statement(self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{part}", &format!("rowcast.change_{}", self.number)))
    }

    async fn move_horizon_past(self, pool: &PgPool) -> Result<(), Error> {
        Ok(statement::execute(pool, query(self.statement(include_str!("move_horizon_past.sql")))).await?)
    }

    /// Empties the part if all of it is pruned and nobody holds it. Whether it did.
    async fn empty(self, pool: &PgPool) -> Result<bool, Error> {
        for _ in 0..LOCK_TRIES {
            let mut transaction = statement::begin(pool).await?;
            read::prepare(&mut *transaction, Scope::Transaction).await?;
            if !self.is_pruned(&mut transaction).await? {
                return Ok(false);
            }
            match query(self.statement("lock table {part} in access exclusive mode nowait"))
                .execute(&mut *transaction)
                .await
            {
                Ok(_) => {}
                // 55P03 lock not available.
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => {
                    drop(transaction);
                    tokio::time::sleep(LOCK_PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            // Only now nobody has a row in it that is not to be seen yet.
            if !self.is_pruned(&mut transaction).await? {
                return Ok(false);
            }
            query(self.statement("truncate {part}")).execute(&mut *transaction).await?;
            transaction.commit().await?;
            return Ok(true);
        }
        tracing::debug!(part = self.number, "a part of the changelog is in use; it is emptied later");
        Ok(false)
    }

    async fn is_pruned(self, connection: &mut PgConnection) -> Result<bool, Error> {
        Ok(query_scalar(self.statement(include_str!("is_pruned.sql"))).fetch_one(connection).await?)
    }
}
