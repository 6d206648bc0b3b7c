//! Sleeping without missing anything, while writers stay silent as long as somebody is awake.
//!
//! Who sleeps holds a session advisory lock exclusively; a writer's trigger that cannot share it rings (`notify`). A
//! writer that *could* share it holds it until its commit, so the lock cannot be had while such a writer is still to
//! commit. The order is therefore: get the lock, look once more, sleep.
//!
//! The lock, the listening and the look are on one connection: if it dies, all three end at once, and this end notices.
//! Invariant: [`Doorbell::doze`] returning true and a following look that finds nothing mean that the next commit rings.

use super::Error;
use sqlx::{
    PgConnection, PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use std::time::Duration;

/// How long the listening connection may take to be opened.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Both halves of the advisory lock's key; the capture function names the same.
const LOCK: (i32, i32) = (1_919_907_683, 1);
/// The channel that writers ring on.
const CHANNEL: &str = "rowcast";

/// The one connection of a tailer.
pub(super) struct Doorbell {
    listener: PgListener,
    dozing: bool,
    listens: bool,
}

impl Doorbell {
    /// Opens a connection to the pool's database. Without `listens`, writers are never asked to ring.
    pub(super) async fn open(pool: &PgPool, listens: bool) -> Result<Self, Error> {
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(pool.connect_options().as_ref().clone());
        let mut listener = PgListener::connect_with(&own).await?;
        // A lost connection ends this doorbell; a new one is opened with everything that belongs to it.
        listener.eager_reconnect(false);
        if listens {
            listener.listen(CHANNEL).await?;
        }
        // New changes are always beyond what the statistics know; without these the planner may one day scan it all. What
        // cannot but be scanned counts as very dear then, and compiling the query would take a hundred times its run.
        for setting in ["set enable_seqscan = off", "set jit = off", "set plan_cache_mode = force_custom_plan"] {
            sqlx::query(setting).execute(&mut listener).await?;
        }
        Ok(Self { listener, dozing: false, listens })
    }

    /// The connection, to look for changes with.
    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        Ok(sqlx::Acquire::acquire(&mut self.listener).await?)
    }

    /// Tries to have writers ring from now on. False while one that need not ring has yet to commit.
    pub(super) async fn doze(&mut self) -> Result<bool, Error> {
        if self.listens && !self.dozing {
            self.dozing = sqlx::query_scalar("select pg_try_advisory_lock($1, $2)")
                .bind(LOCK.0)
                .bind(LOCK.1)
                .fetch_one(&mut self.listener)
                .await?;
        }
        Ok(self.dozing)
    }

    /// Lets writers be silent.
    pub(super) async fn wake(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.dozing) {
            sqlx::query("select pg_advisory_unlock($1, $2)")
                .bind(LOCK.0)
                .bind(LOCK.1)
                .execute(&mut self.listener)
                .await?;
        }
        Ok(())
    }

    /// Waits until somebody rings. Cancelling it loses nothing.
    pub(super) async fn rung(&mut self) -> Result<(), Error> {
        if !self.listens {
            return std::future::pending().await;
        }
        match self.listener.try_recv().await? {
            Some(_) => {
                // One look answers however many have rung.
                while self.listener.next_buffered().is_some() {}
                Ok(())
            }
            None => Err(Error::Postgres(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()))),
        }
    }
}
