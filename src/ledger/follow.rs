//! Following: a projection that is brought up to date after events were committed.
//!
//! Its rows and the position that they are of are written in one transaction, so each event is taken once, whenever the follower
//! dies and however many there are: of several one has the projection at a time. What cannot be taken stops this projection alone:
//! its rows stay those of the last transaction before, `rowcast.projection` says which event it is and why, and it goes on by itself once it can.

use super::{
    LedgerError, claim,
    limits::{FOLDED_AT_ONCE, REBUILD_LEASE},
    projection::{Projection, ProjectionError},
    read::{parse, read_after},
    rebuild::rebuild_if_idle,
    replay::{self, Stride},
    status::{self, position_text},
};
use crate::{
    changelog::statement::{self, query},
    protocol::Position,
};
use sqlx::{PgConnection, PgPool, Row};
use std::{marker::PhantomData, time::Duration};
use tokio_util::sync::CancellationToken;

/// Between two looks whether there is something new.
const LOOK: Duration = Duration::from_millis(200);
/// Before trying again what did not work.
const RETRY: Duration = Duration::from_secs(1);
/// Longest time before trying again.
const SLOWEST_RETRY: Duration = Duration::from_secs(60);

/// What a step of a follower came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more.
    Advanced,
    /// There is nothing new.
    UpToDate,
    /// Somebody else has the projection at this moment.
    Elsewhere,
    /// It cannot go on; `rowcast.projection` says why.
    Failed,
}

/// Keeps a projection up to date, a step at a time.
#[derive(Debug)]
pub struct Follower<P> {
    pool: PgPool,
    stride: Stride,
    projection: PhantomData<fn() -> P>,
}

/// Where a projection stands.
struct Standing {
    position: Position,
    is_live: bool,
}

impl<P: Projection> Follower<P> {
    /// Follows in a database. Nothing is done before the first step.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, stride: Stride::new(), projection: PhantomData }
    }

    /// Follows until `stop` is cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut retry = RETRY;
        loop {
            // Whatever a step that is cut short has begun is taken back.
            let Some(step) = stop.run_until_cancelled(self.step()).await else { return };
            let pause = match step {
                Ok(Step::Advanced) => Duration::ZERO,
                Ok(Step::UpToDate | Step::Elsewhere) => LOOK,
                Ok(Step::Failed) => retry,
                Err(error @ ProjectionError::Foreign { .. }) => {
                    tracing::warn!(%error, "a projection is not followed");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, projection = P::NAME, retry_s = retry.as_secs(), "a projection is not followed for now");
                    retry
                }
            };
            retry = if pause == retry { (retry * 2).min(SLOWEST_RETRY) } else { RETRY };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Takes what is next, at most some hundred events; or rebuilds the projection if it has never been built, if its version
    /// is another one, or if its position is not one of this database.
    pub async fn step(&mut self) -> Result<Step, ProjectionError> {
        match self.advance().await {
            Ok(Some(step)) => Ok(step),
            Ok(None) => self.rebuild().await,
            Err(error) if error.is_about_an_event() && self.stride.shorten() => Ok(Step::Advanced),
            Err(error) if error.is_lasting() => self.fail(&error).await,
            Err(error) => Err(error),
        }
    }

    async fn rebuild(&self) -> Result<Step, ProjectionError> {
        match rebuild_if_idle::<P>(&self.pool, true).await {
            Ok(Some(rebuilt)) => {
                tracing::info!(projection = P::NAME, events = rebuilt.events, "rebuilt a projection");
                Ok(Step::Advanced)
            }
            Ok(None) | Err(ProjectionError::Superseded(_)) => Ok(Step::Elsewhere),
            Err(error) if error.is_lasting() => self.fail(&error).await,
            Err(error) => Err(error),
        }
    }

    async fn fail(&self, error: &ProjectionError) -> Result<Step, ProjectionError> {
        if status::fail::<P>(&self.pool, error).await? {
            tracing::error!(%error, "a projection has stopped; it goes on when that is mended");
        }
        Ok(Step::Failed)
    }

    /// None if the projection must be rebuilt.
    async fn advance(&mut self) -> Result<Option<Step>, ProjectionError> {
        let database = ProjectionError::database(P::NAME);
        let mut transaction = statement::begin(&self.pool).await.map_err(&database)?;
        match self.advance_in(&mut transaction).await {
            Ok(step @ Some(Step::Advanced | Step::UpToDate)) => {
                transaction.commit().await.map_err(&database)?;
                self.stride.lengthen();
                Ok(step)
            }
            other => {
                // Not later, when the connection is used again: until then nobody else has the projection.
                transaction.rollback().await.map_err(&database)?;
                other
            }
        }
    }

    async fn advance_in(&self, connection: &mut PgConnection) -> Result<Option<Step>, ProjectionError> {
        let Standing { position, is_live } = match standing::<P>(connection).await? {
            Found::Standing(standing) => standing,
            Found::Elsewhere => return Ok(Some(Step::Elsewhere)),
            Found::Unbuilt => return Ok(None),
        };
        let wanted = self.stride.events();
        let (events, reached) = match read_after(connection, &position, wanted).await {
            Err(LedgerError::Ahead) => return Ok(None),
            read => read?,
        };
        if events.is_empty() && is_live {
            return Ok(Some(Step::UpToDate));
        }
        replay::fold::<P>(connection, P::TABLE, &events).await.map_err(|error| {
            // Only if it is alone is it known which one it is.
            if wanted == 1 && error.is_about_an_event() { replay::blame(error, &events) } else { error }
        })?;
        let read = i64::try_from(events.len()).unwrap_or(i64::MAX);
        query(include_str!("advance.sql"))
            .bind(P::NAME)
            .bind(position_text(&reached))
            .bind(read)
            .bind(read >= wanted.min(FOLDED_AT_ONCE))
            .bind(events.last().map(|event| event.seq))
            .bind(REBUILD_LEASE.as_secs_f64())
            .execute(connection)
            .await
            .map_err(ProjectionError::database(P::NAME))?;
        Ok(Some(if events.is_empty() { Step::UpToDate } else { Step::Advanced }))
    }
}

/// What is known of a projection.
enum Found {
    /// It stands somewhere, and nobody else moves it until this transaction ends.
    Standing(Standing),
    /// Somebody else moves it.
    Elsewhere,
    /// It stands nowhere, its rows are of an earlier version, or in another table.
    Unbuilt,
}

async fn standing<P: Projection>(connection: &mut PgConnection) -> Result<Found, ProjectionError> {
    let database = ProjectionError::database(P::NAME);
    claim::check_version::<P>(connection).await?;
    let row = query(
        "select version, table_name = $3 and relation is not distinct from to_regclass($3)::oid as is_here, position,
            state = 'live' or state = 'rebuilding' and at > now() - make_interval(secs => $2) as is_live
         from rowcast.projection where name = $1 for update skip locked",
    );
    let row = row.bind(P::NAME).bind(REBUILD_LEASE.as_secs_f64()).bind(P::TABLE);
    let row = row.fetch_optional(&mut *connection).await.map_err(&database)?;
    let Some(row) = row else {
        let exists = statement::query_scalar("select exists (select from rowcast.projection where name = $1)");
        let exists: bool = exists.bind(P::NAME).fetch_one(connection).await.map_err(&database)?;
        return Ok(if exists { Found::Elsewhere } else { Found::Unbuilt });
    };
    let version: i32 = row.try_get("version").map_err(&database)?;
    let position: Option<String> = row.try_get("position").map_err(&database)?;
    let is_live = row.try_get("is_live").map_err(&database)?;
    let is_here: bool = row.try_get("is_here").map_err(&database)?;
    match position {
        // Also if it became a newer one just now: then the rebuild refuses.
        Some(position) if version == P::VERSION && is_here => {
            Ok(Found::Standing(Standing { position: parse(&position)?, is_live }))
        }
        _ => Ok(Found::Unbuilt),
    }
}
