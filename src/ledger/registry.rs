//! The projections of a program: so that a server keeps them and commands find them by name.

use super::{
    Checked, Follower, Rebuilt,
    check::check,
    claim,
    projection::{Projection, ProjectionError},
    rebuild::{rebuild, rebuild_if_idle},
    status,
};
use crate::changelog::statement::{self, query_scalar};
use futures::future::BoxFuture;
use sqlx::PgPool;
use std::{fmt, marker::PhantomData, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Before trying again to rebuild what could not be.
const RETRY: Duration = Duration::from_secs(5);
/// Longest time before trying again: a rebuild reads everything.
const SLOWEST_RETRY: Duration = Duration::from_secs(600);

/// How a projection is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// In the transactions that append, by [`project_now`](super::project_now).
    Now,
    /// By a [`Follower`].
    Later,
}

/// Projections by their names.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Box<dyn Entry>>,
}

impl Registry {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this one, which is kept in the transactions that append.
    #[must_use]
    pub fn now<P: Projection>(self) -> Self {
        self.and::<P>(Keeping::Now)
    }

    /// And this one, which follows.
    #[must_use]
    pub fn later<P: Projection>(self) -> Self {
        self.and::<P>(Keeping::Later)
    }

    fn and<P: Projection>(mut self, keeping: Keeping) -> Self {
        self.entries.push(Box::new(Of::<P>(keeping, PhantomData)));
        self
    }

    /// Their names, as they were added.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name())
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&dyn Entry> {
        self.entries.iter().find(|entry| entry.name() == name).map(AsRef::as_ref)
    }

    /// Keeps them until `stop` is cancelled: those that follow are followed; of those that are kept in the transactions that append,
    /// the ones whose rows are of an earlier version, or that have never been built, are rebuilt.
    pub async fn keep(self, pool: PgPool, stop: CancellationToken) {
        if self.entries.is_empty() {
            return;
        }
        let tasks = TaskTracker::new();
        for entry in self.entries {
            tasks.spawn(entry.keep(pool.clone(), stop.clone()));
        }
        tasks.close();
        tasks.wait().await;
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// A projection whose type is not known.
pub trait Entry: Send + Sync {
    /// What tells it from others.
    fn name(&self) -> &'static str;
    /// Its table.
    fn table(&self) -> &'static str;
    /// How it is kept.
    fn keeping(&self) -> Keeping;
    /// [`rebuild`](super::rebuild()).
    fn rebuild<'a>(&self, pool: &'a PgPool) -> BoxFuture<'a, Result<Rebuilt, ProjectionError>>;
    /// [`check`](super::check()).
    fn check<'a>(&self, pool: &'a PgPool, most: i64) -> BoxFuture<'a, Result<Checked, ProjectionError>>;
    /// Keeps it until `stop` is cancelled.
    fn keep(&self, pool: PgPool, stop: CancellationToken) -> BoxFuture<'static, ()>;
}

struct Of<P>(Keeping, PhantomData<fn() -> P>);

impl<P: Projection> Entry for Of<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn table(&self) -> &'static str {
        P::TABLE
    }

    fn keeping(&self) -> Keeping {
        self.0
    }

    fn rebuild<'a>(&self, pool: &'a PgPool) -> BoxFuture<'a, Result<Rebuilt, ProjectionError>> {
        Box::pin(rebuild::<P>(pool))
    }

    fn check<'a>(&self, pool: &'a PgPool, most: i64) -> BoxFuture<'a, Result<Checked, ProjectionError>> {
        Box::pin(check::<P>(pool, most))
    }

    fn keep(&self, pool: PgPool, stop: CancellationToken) -> BoxFuture<'static, ()> {
        match self.0 {
            Keeping::Later => Box::pin(async move {
                let there = async { until_there::<P>(&pool).await };
                if stop.run_until_cancelled(there).await.is_some() {
                    Follower::<P>::new(pool).run(stop).await;
                }
            }),
            Keeping::Now => Box::pin(async move {
                let built = async {
                    until_there::<P>(&pool).await;
                    until_built::<P>(&pool).await;
                };
                stop.run_until_cancelled(built).await;
            }),
        }
    }
}

/// Waits for the table of a projection: nobody has to use what a program could keep. What was restored from another database is
/// known as such from then on.
async fn until_there<P: Projection>(pool: &PgPool) {
    loop {
        let adopted = statement::value::<bool>(pool, query_scalar("select rowcast.adopt_events()")).await;
        if let Err(error) = adopted {
            tracing::debug!(%error, "whether events came from another database is looked at later");
        }
        if let Err(error) = claim::renew_homes(pool).await {
            tracing::debug!(%error, "whether the database was upgraded in place is looked at later");
        }
        let there = query_scalar("select to_regclass($1) is not null").bind(P::TABLE);
        if statement::value::<bool>(pool, there).await.unwrap_or_default() {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Tries until the rows of a projection are of this version or a newer one.
async fn until_built<P: Projection>(pool: &PgPool) {
    let mut pause = RETRY;
    loop {
        match build::<P>(pool).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(ProjectionError::Outdated { .. }) => {
                tracing::warn!(
                    projection = P::NAME,
                    "a newer program keeps a projection; whatever this one would add to it is refused"
                );
                return;
            }
            Err(error @ ProjectionError::Foreign { .. }) => {
                tracing::warn!(%error, "a projection is not kept");
                return;
            }
            Err(error) => {
                tracing::error!(%error, projection = P::NAME, retry_s = pause.as_secs(), "a projection cannot be built");
                if error.is_lasting()
                    && let Err(error) = status::fail::<P>(pool, &error).await
                {
                    tracing::debug!(%error, "that cannot be noted");
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(SLOWEST_RETRY);
    }
}

/// Builds a projection if it is not. False if somebody else is at it.
async fn build<P: Projection>(pool: &PgPool) -> Result<bool, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    let mut transaction = statement::begin(pool).await.map_err(&database)?;
    claim::declare::<P>(&mut transaction).await?;
    let is_built = query_scalar(
        "select exists (select from rowcast.projection where name = $1 and version = $2 and state in ('live', 'behind'))",
    );
    let is_built = is_built.bind(P::NAME).bind(P::VERSION).fetch_one(&mut *transaction).await.map_err(&database)?;
    transaction.commit().await.map_err(&database)?;
    if is_built {
        return Ok(true);
    }
    let rebuilt = rebuild_if_idle::<P>(pool, false).await?;
    if let Some(rebuilt) = &rebuilt {
        tracing::info!(projection = P::NAME, events = rebuilt.events, written = rebuilt.written, "built a projection");
    }
    Ok(rebuilt.is_some())
}
