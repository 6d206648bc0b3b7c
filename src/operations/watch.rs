//! Gathers what there is to tell of this server, and tells it in a room while somebody looks.

use super::{
    history::History,
    recent::recent,
    report::{
        Everything, MAX_SESSIONS, ROOM, STEP_SECONDS, ServerReport, SessionLine, StorageReport, TableLine, Topic, parts,
    },
};
use crate::{
    changelog::{self, Keep},
    counters::Counters,
    hub::{Hub, SessionReport},
};
use serde::Serialize;
use sqlx::PgPool;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Between two reports.
const TICK: Duration = Duration::from_secs(1);
/// Of so many ticks, one looks at the changelog, too, and tells errors again to those who came meanwhile.
const SELDOM: u64 = 10;
/// After so long a step ends: at the tick that is the nearest to its end.
const STEP: Duration = Duration::from_millis(STEP_SECONDS * 1_000 - 500);
/// How long a page waits for what the changelog takes, which servers tell it later.
const PATIENCE: Duration = Duration::from_secs(1);
/// Tables that are named of one session.
const MAX_SUBSCRIPTIONS: usize = 20;
/// Tables that are told of.
const MAX_TABLES: usize = 100;

/// What there is to know of a server that its hub does not.
#[derive(Clone, Debug)]
pub struct About {
    /// Where it listens.
    pub address: SocketAddr,
    /// How much of the changelog is kept.
    pub keep: Keep,
    /// How often limits were reached.
    pub counters: Arc<Counters>,
}

/// Looks after one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Operations {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    hub: Arc<Hub>,
    pool: PgPool,
    about: About,
    started: SystemTime,
    history: Mutex<History>,
}

impl Operations {
    /// Of the server that has this hub. It starts now.
    pub fn new(hub: Arc<Hub>, pool: PgPool, about: About) -> Self {
        let history = Mutex::new(History::from(hub.flowed()));
        Self { inner: Arc::new(Inner { hub, pool, about, started: SystemTime::now(), history }) }
    }

    /// The hub.
    pub fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// The database.
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// Until `stop` is cancelled: ends the steps of the history, and tells those who look.
    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut count, mut told_errors) = (0_u64, None);
        let (mut began, mut length) = (seconds(), Instant::now());
        // Looking may take long, while a table is locked. Nothing waits for it.
        let mut looks: Option<AbortOnDropHandle<()>> = None;
        let mut is_due = false;
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            count += 1;
            if length.elapsed() >= STEP {
                self.history().step(began, length.elapsed(), self.hub().flowed());
                (began, length) = (seconds(), Instant::now());
            }
            let (here, anywhere) = self.hub().attended(ROOM);
            if !anywhere {
                // Whoever comes is told all.
                (count, told_errors, is_due) = (0, None, false);
                continue;
            }
            let (server, sessions) = self.look();
            let node = server.node.clone();
            self.tell::<()>(Topic::Server, &node, &server, &[]);
            self.tell(Topic::Sessions, &node, &(), &sessions);
            let version = recent().version();
            if told_errors != Some(version) || count.is_multiple_of(SELDOM) {
                told_errors = Some(version);
                self.tell(Topic::Errors, &node, &(), &recent().read().0);
            }
            // One database is the same to all servers.
            is_due |= here > 0 && count % SELDOM == 1;
            if is_due && looks.as_ref().is_none_or(AbortOnDropHandle::is_finished) {
                is_due = false;
                let look = self.clone().tell_storage(node);
                looks = Some(AbortOnDropHandle::new(tokio::spawn(look)));
            }
        }
    }

    async fn tell_storage(self, node: String) {
        if let Some((storage, tables)) = self.storage().await {
            self.tell(Topic::Storage, &node, &storage, &tables);
        }
    }

    /// All that there is to tell, but for what would take long.
    pub async fn everything(&self) -> Everything {
        let storage = timeout(PATIENCE, self.storage()).await.ok().flatten();
        let (server, sessions) = self.look();
        Everything { server, sessions, errors: recent().read().0, storage }
    }

    fn tell<T: Serialize>(&self, topic: Topic, node: &str, head: &impl Serialize, items: &[T]) {
        for part in parts(node, head, items) {
            if let Err(refused) = self.hub().announce(ROOM, topic.word(), &part) {
                tracing::debug!(topic = topic.word(), message = refused.message, "a report is not told");
            }
        }
    }

    fn look(&self) -> (ServerReport, Vec<SessionLine>) {
        let Inner { hub, about, started, .. } = &*self.inner;
        let report = hub.report(MAX_SESSIONS);
        let limits = about.counters.all().filter(|(_, count)| *count > 0);
        let server = ServerReport {
            node: report.node,
            address: about.address.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: millis(*started),
            at: millis(SystemTime::now()),
            available: report.available,
            nodes: report.nodes,
            transaction: report.token.position.next(),
            sessions: report.sessions,
            slow: report.slow,
            people: report.people,
            queries: report.queries,
            queued_bytes: report.queued_bytes,
            emptied: report.emptied.0 + report.emptied.1,
            limits: limits.map(|(name, count)| (name.to_owned(), count)).collect(),
            steps: self.history().steps(),
        };
        (server, report.furthest.into_iter().map(line).collect())
    }

    async fn storage(&self) -> Option<(StorageReport, Vec<TableLine>)> {
        let Inner { pool, about, .. } = &*self.inner;
        let found = changelog::survey(pool)
            .await
            .inspect_err(|error| tracing::debug!(%error, "the changelog is looked at later"))
            .ok()?;
        let tables = found.tables.into_iter().take(MAX_TABLES).map(|table| TableLine {
            name: table.name,
            rows: table.rows,
            table_bytes: table.table_bytes,
            changes: table.changes,
            bytes: table.bytes,
        });
        let storage = StorageReport {
            at: millis(SystemTime::now()),
            counted_seconds: found.counted_seconds,
            parts: found.parts.iter().map(|part| (part.bytes, part.current)).collect(),
            rotated: found.rotated,
            horizon: found.horizon,
            paused: found.paused,
            keep_seconds: about.keep.age.as_secs(),
            keep_bytes: about.keep.bytes,
        };
        Some((storage, tables.collect()))
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.inner.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(session: SessionReport) -> SessionLine {
    let slow = session.is_slow();
    let SessionReport { id, principal, origin, since, backlog, lagging, lags, subscriptions, rooms } = session;
    SessionLine {
        id,
        person: principal.id(),
        name: principal.name.to_string(),
        role: principal.role,
        origin: origin.map(|address| address.to_string()),
        since: millis(since),
        frames: backlog.frames,
        bytes: backlog.bytes,
        waited: u64::try_from(backlog.waited.as_millis()).unwrap_or(u64::MAX),
        slow,
        lagging,
        lags,
        subscriptions: subscriptions.into_iter().take(MAX_SUBSCRIPTIONS).collect(),
        rooms,
    }
}

/// Since the Unix epoch.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn seconds() -> i64 {
    millis(SystemTime::now()) / 1_000
}
