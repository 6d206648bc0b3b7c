//! Rebuilding a projection from all events, while it is in use.
//!
//! Events are replayed page by page into a table that shadows the projection's, and then those that came meanwhile. When there is
//! little left, the projection is held for a moment: what is new is replayed, and of the table only those rows are written that
//! differ, in one transaction. So the table stays the one that is tracked and granted, and whoever shows it sees just
//! the difference, at once.
//!
//! A rebuild that dies leaves the table as it was. The next one takes over.

use super::{
    Recorded, claim,
    limits::{FOLDED_AT_ONCE, HOLD_TRIES, REBUILD_LEASE},
    projection::{Projection, ProjectionError},
    read_after,
    replay::{self, Extent, Stride},
    status::{self, position_text},
};
use crate::{
    changelog::{
        quote,
        statement::{self, query, query_scalar},
    },
    protocol::Position,
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row, Transaction};
use std::{marker::PhantomData, time::Duration};

/// Between two tries to hold the projection.
const HOLD_PAUSE: Duration = Duration::from_millis(250);

/// What a rebuild did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many events were replayed.
    pub events: i64,
    /// How many rows were removed.
    pub removed: i64,
    /// How many rows were added or changed.
    pub written: i64,
}

/// Rebuilds a projection, also while others append. Of a table that is somebody else's nothing is touched. Its progress is in
/// `rowcast.projection`, where [`projections`](super::projections) reads it. Another rebuild that is under way gives way to this one.
pub async fn rebuild<P: Projection>(pool: &PgPool) -> Result<Rebuilt, ProjectionError> {
    let begun = Rebuild::<P>::begin(pool, Begin { takes_over: true, follows: false }).await?;
    begun.ok_or(ProjectionError::Superseded(P::NAME))?.run().await
}

/// [`rebuild`], unless one is under way: then nothing.
pub(super) async fn rebuild_if_idle<P: Projection>(
    pool: &PgPool,
    follows: bool,
) -> Result<Option<Rebuilt>, ProjectionError> {
    match Rebuild::<P>::begin(pool, Begin { takes_over: false, follows }).await? {
        Some(begun) => begun.run().await.map(Some),
        None => Ok(None),
    }
}

/// How a rebuild begins.
#[derive(Clone, Copy)]
struct Begin {
    /// Also if another one is under way.
    takes_over: bool,
    /// Whether the projection follows from then on.
    follows: bool,
}

struct Rebuild<'p, P> {
    pool: &'p PgPool,
    /// Tells this rebuild from others.
    id: String,
    shadow: String,
    follows: bool,
    extent: Extent,
    /// Events that were replayed.
    done: i64,
    projection: PhantomData<fn() -> P>,
}

impl<'p, P: Projection> Rebuild<'p, P> {
    async fn begin(pool: &'p PgPool, how: Begin) -> Result<Option<Self>, ProjectionError> {
        let database = ProjectionError::database(P::NAME);
        statement::value::<bool>(pool, query_scalar("select rowcast.adopt_events()")).await.map_err(&database)?;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let mut transaction = statement::begin(pool).await.map_err(&database)?;
        claim::declare::<P>(&mut transaction).await?;
        let before = query(include_str!("begin_rebuild.sql"))
            .bind(P::NAME)
            .bind(P::TABLE)
            .bind(P::VERSION)
            .bind(&id)
            .bind(how.takes_over)
            .bind(REBUILD_LEASE.as_secs_f64())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(&database)?;
        let Some(before) = before else { return Ok(None) };
        if let Some(before) = before.try_get::<Option<String>, _>("before").map_err(&database)? {
            drop_shadow(&mut transaction, &before).await.map_err(&database)?;
        }
        let extent = replay::extent(&mut transaction, None).await?;
        let shadow = replay::shadow::<P>(&mut transaction, &shadow_name(&id), false).await;
        let shadow = match shadow {
            Ok(shadow) => shadow,
            Err(error) => {
                transaction.rollback().await.map_err(&database)?;
                status::fail::<P>(pool, &error).await?;
                return Err(error);
            }
        };
        transaction.commit().await.map_err(&database)?;
        let follows = how.follows;
        Ok(Some(Self { pool, id, shadow, follows, extent, done: 0, projection: PhantomData }))
    }

    async fn run(mut self) -> Result<Rebuilt, ProjectionError> {
        let rebuilt = self.replay_and_adopt().await;
        if let Err(error) = &rebuilt {
            self.give_up(error).await;
        }
        rebuilt
    }

    async fn replay_and_adopt(&mut self) -> Result<Rebuilt, ProjectionError> {
        self.replay().await?;
        let mut position = self.extent.position.clone();
        for _ in 0..HOLD_TRIES {
            position = self.catch_up(position).await?;
            match self.adopt(&position).await {
                Err(error) if error.is_locked() => tokio::time::sleep(HOLD_PAUSE).await,
                outcome => return outcome,
            }
        }
        Err(ProjectionError::Busy(P::NAME))
    }

    /// Begins a transaction in which this is still the rebuild, of the table that it began with.
    async fn begin_step(&self) -> Result<Transaction<'static, Postgres>, ProjectionError> {
        let database = ProjectionError::database(P::NAME);
        let mut transaction = statement::begin(self.pool).await.map_err(&database)?;
        let held = query(
            "update rowcast.projection set done = $3, total = greatest($3, $4), at = now()
             where name = $1 and rebuild = $2::text::uuid and relation is not distinct from to_regclass($5)::oid",
        );
        let held = held.bind(P::NAME).bind(&self.id).bind(self.done).bind(self.extent.events).bind(P::TABLE);
        let held = held.execute(&mut *transaction).await.map_err(&database)?;
        if held.rows_affected() == 0 { Err(ProjectionError::Superseded(P::NAME)) } else { Ok(transaction) }
    }

    /// Folds events into the shadow and commits. False if one of them is to be blamed that is not found yet.
    async fn fold(
        &mut self,
        mut transaction: Transaction<'static, Postgres>,
        events: &[Recorded],
        stride: &mut Stride,
    ) -> Result<bool, ProjectionError> {
        match replay::fold::<P>(&mut transaction, &self.shadow, events).await {
            Ok(()) => {
                transaction.commit().await.map_err(ProjectionError::database(P::NAME))?;
                self.done += i64::try_from(events.len()).unwrap_or_default();
                stride.lengthen();
                Ok(true)
            }
            Err(error) => {
                transaction.rollback().await.map_err(ProjectionError::database(P::NAME))?;
                match error {
                    error if error.is_about_an_event() && stride.shorten() => Ok(false),
                    error if error.is_about_an_event() => Err(replay::blame(error, events)),
                    error => Err(error),
                }
            }
        }
    }

    /// Replays what there was when this began.
    async fn replay(&mut self) -> Result<(), ProjectionError> {
        let of = position_text(&self.extent.position);
        let (mut after, mut stride) = (0, Stride::new());
        while after < self.extent.last {
            let mut transaction = self.begin_step().await?;
            let range = (after, self.extent.last);
            let events = replay::page(&mut transaction, range, Some(&of), stride.events()).await?;
            let Some(last) = events.last().map(|event| event.seq) else { break };
            if self.fold(transaction, &events, &mut stride).await? {
                after = last;
            }
        }
        Ok(())
    }

    /// Replays what has come since, until little is left.
    async fn catch_up(&mut self, mut position: Position) -> Result<Position, ProjectionError> {
        let mut stride = Stride::new();
        loop {
            let mut transaction = self.begin_step().await?;
            let (events, reached) = read_after(&mut transaction, &position, stride.events()).await?;
            let read = i64::try_from(events.len()).unwrap_or(i64::MAX);
            let wanted = stride.events();
            if self.fold(transaction, &events, &mut stride).await? {
                position = reached;
                if read < wanted.min(FOLDED_AT_ONCE) {
                    return Ok(position);
                }
            }
        }
    }

    /// Holds the projection, replays the rest and makes the table equal to the shadow.
    async fn adopt(&mut self, position: &Position) -> Result<Rebuilt, ProjectionError> {
        let database = ProjectionError::database(P::NAME);
        let mut transaction = self.begin_step().await?;
        // Whoever keeps the projection waits behind this.
        query("set local lock_timeout = '1s'").execute(&mut *transaction).await.map_err(&database)?;
        query("select pg_advisory_xact_lock(1919907684, hashtext($1))")
            .bind(P::NAME)
            .execute(&mut *transaction)
            .await
            .map_err(&database)?;
        // From here on nobody puts another table in its place.
        let lock = format!("lock table {} in row exclusive mode", P::TABLE);
        query(AssertSqlSafe(lock)).execute(&mut *transaction).await.map_err(&database)?;
        if !claim::is_noted::<P>(&mut transaction).await? {
            return Err(ProjectionError::Superseded(P::NAME));
        }
        let (mut position, mut done) = (position.clone(), self.done);
        loop {
            let (events, reached) = read_after(&mut transaction, &position, FOLDED_AT_ONCE).await?;
            position = reached;
            if events.is_empty() {
                break;
            }
            replay::fold::<P>(&mut transaction, &self.shadow, &events).await.map_err(|error| match error {
                error if error.is_about_an_event() => replay::blame(error, &events),
                error => error,
            })?;
            done += i64::try_from(events.len()).unwrap_or_default();
        }
        let changed = query("select removed, written from rowcast.adopt($1::text::regclass, $2::text::regclass)")
            .bind(P::TABLE)
            .bind(&self.shadow)
            .fetch_one(&mut *transaction)
            .await
            .map_err(&database)?;
        let (removed, written) =
            (changed.try_get("removed").map_err(&database)?, changed.try_get("written").map_err(&database)?);
        self.end(&mut transaction, &position, done).await.map_err(&database)?;
        transaction.commit().await.map_err(&database)?;
        Ok(Rebuilt { events: done, removed, written })
    }

    async fn end(&self, connection: &mut PgConnection, position: &Position, done: i64) -> Result<(), sqlx::Error> {
        query(include_str!("end_rebuild.sql"))
            .bind(P::NAME)
            .bind(P::TABLE)
            .bind(P::VERSION)
            .bind(position_text(position))
            .bind(self.follows)
            .bind(done)
            .execute(&mut *connection)
            .await?;
        drop_shadow(connection, &self.id).await
    }

    /// Says why it came to nothing. The table stays as it was.
    async fn give_up(&self, error: &ProjectionError) {
        if matches!(error, ProjectionError::Superseded(_)) {
            return;
        }
        let told = async {
            let mut transaction = statement::begin(self.pool).await?;
            status::note_failure::<P>(&mut transaction, error, Some(&self.id)).await?;
            drop_shadow(&mut transaction, &self.id).await?;
            transaction.commit().await
        };
        if let Err(second) = told.await {
            tracing::debug!(error = %second, "what is left of a rebuild is removed by the next one");
        }
    }
}

fn shadow_name(id: &str) -> String {
    format!("shadow_{id}")
}

async fn drop_shadow(connection: &mut PgConnection, id: &str) -> Result<(), sqlx::Error> {
    // As Postgres writes the number of a rebuild, or as it was made here.
    let table = quote(&shadow_name(&id.replace('-', "")));
    let exists = query_scalar("select to_regclass($1) is not null").bind(format!("rowcast.{table}"));
    if exists.fetch_one(&mut *connection).await? {
        query(AssertSqlSafe(format!("drop table rowcast.{table}"))).execute(connection).await?;
    }
    Ok(())
}
