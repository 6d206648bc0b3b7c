//! The tailer: the one task that reads the changelog from the hub's position onwards and feeds the hub.
//!
//! Procedure: look; publish what is there, even if only the position moved; look again soon while there is traffic;
//! otherwise doze, look once more, and sleep until the doorbell rings, somebody waits for a position, or the safety poll
//! is due. Beside a server that does this already, only look when it rings. Whatever fails ends the connection, tells the
//! sessions, and starts over from the hub's position: nothing is lost, because the position is the hub's and not the
//! connection's. Each look says which history it was in; in another one, everybody starts over.
//!
//! It does not decide what anybody sees, and it never waits for a session.

use super::{
    Error, bulk,
    bulk::CATALOG_TABLE,
    doorbell::{Doorbell, Role},
    history, position, read,
    read::{Look, Measure, Reading, Scope, Wanted},
    retention,
    snapshot::Snapshot,
    statement::{self, query_scalar},
};
use crate::{
    hub::{
        Batch, Bounds, Catalog, CatalogChange, Column, Credential, Hub, Operation, PersonChange, Policy, RowChange,
        Table, TableId, Whose, rooms::Rights,
    },
    protocol::{Position, Token},
    rules,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How much of the past a hub starts with, so that clients who come back after a restart need no database: from the newest
/// mark on that is older than this.
const PAST: Duration = Duration::from_secs(60);
/// Between two looks while there is traffic.
const PACE: Duration = Duration::from_millis(2);
/// Between two looks while a silent writer keeps the lock: grows from [`PACE`] to this.
const SLOWEST_PACE: Duration = Duration::from_millis(20);
/// Looks that find nothing before it tries to doze.
const IDLE_LOOKS: u32 = 5;
/// Between two looks that nobody asked for. No wake-up is known to get lost; this bounds the harm if one does.
const SAFETY_POLL: Duration = Duration::from_secs(2);
/// Between two tries of a server that is led to lead.
const ELECTION: Duration = Duration::from_millis(500);
/// Between two tries to connect: doubles from the first to the last.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The changelog's number for the rules of rooms.
const ROOM_RULES: TableId = -2;

/// How the tailer learns that there is something new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeUp {
    /// Writers ring while it sleeps. Except where the database allows prepared transactions, which must not `notify`.
    #[default]
    Auto,
    /// It looks every few milliseconds, and needs nothing of a session that ends with a transaction. For poolers.
    Poll,
}

/// Feeds one hub from one database.
#[derive(Debug)]
pub struct Tailer {
    pool: PgPool,
    hub: Arc<Hub>,
    wake_up: WakeUp,
    safety_poll: Duration,
    row_timeout: Duration,
    /// The [id](history) of the history that the hub is in.
    history: Mutex<String>,
}

impl Tailer {
    /// Reads where the database stands and makes a hub that stands there too.
    pub async fn start(pool: PgPool, wake_up: WakeUp) -> Result<Self, Error> {
        let bounds = Bounds::default();
        let Stand { token, history, catalog, past } = stand(&pool, Some(bounds)).await?;
        let hub = match past {
            None => Hub::new(token.epoch, token.position, catalog, bounds),
            Some(past) => {
                let hub = Hub::new(token.epoch, past.from, catalog, bounds);
                if let Err(error) = hub.publish(Batch { position: token.position, changes: past.changes }, Vec::new()) {
                    tracing::error!(%error, "the table must be tracked anew");
                }
                hub
            }
        };
        // Before anybody can ask.
        let mut transaction = statement::begin(&pool).await?;
        hub.set_room_rights(Rights::new(rules::read(&mut transaction).await?));
        transaction.commit().await?;
        let (hub, history) = (Arc::new(hub), Mutex::new(history));
        Ok(Self { pool, hub, wake_up, safety_poll: SAFETY_POLL, row_timeout: read::ROW_TIMEOUT, history })
    }

    /// Looks this often even if nobody rings. Wake-ups do not get lost; with a time that never comes, tests show that.
    pub fn with_safety_poll(mut self, between: Duration) -> Self {
        self.safety_poll = between;
        self
    }

    /// Waits this long for each row of a look. However much there is, none takes long; with a short time, tests show that.
    pub fn with_row_timeout(mut self, timeout: Duration) -> Self {
        self.row_timeout = timeout;
        self
    }

    /// The hub that it feeds.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Feeds the hub until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut retry = RETRY.0;
        while !stop.is_cancelled() {
            let was_available = self.hub.is_available();
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.feed() => outcome,
            };
            let Err(error) = outcome;
            if was_available || self.hub.is_available() {
                tracing::warn!(%error, "the changelog cannot be read; trying again until it can");
                retry = RETRY.0;
            }
            self.hub.set_available(false);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(retry) => {}
            }
            retry = (retry * 2).min(RETRY.1);
        }
    }

    async fn feed(&self) -> Result<std::convert::Infallible, Error> {
        let mut doorbell = Doorbell::open(&self.pool, self.listens().await?).await?;
        if doorbell.epoch().await? != self.hub.token().epoch {
            tracing::warn!("this is another history of the database: every client starts over");
            self.start_over().await?;
        }
        self.read_rules(&mut doorbell).await?;
        // Before the look: after a time without any server it must not take what was not added for what did not happen.
        retention::resume(&self.pool).await?;
        self.look(&mut doorbell).await?;
        if !self.hub.is_available() {
            tracing::info!("the changelog is read again");
            self.hub.set_available(true);
        }
        loop {
            match doorbell.role() {
                Role::Follower { .. } => self.follow(&mut doorbell).await?,
                Role::Leader { .. } | Role::Alone => self.lead(&mut doorbell).await?,
            }
        }
    }

    /// Looks while there is traffic, otherwise sleeps until writers ring; tells the others.
    async fn lead(&self, doorbell: &mut Doorbell) -> Result<(), Error> {
        let mut idle = 0;
        let mut pace = PACE;
        loop {
            tokio::time::sleep(pace).await;
            if self.look(doorbell).await? {
                (idle, pace) = (0, PACE);
                continue;
            }
            idle += 1;
            if idle < IDLE_LOOKS {
                continue;
            }
            if !doorbell.doze().await? {
                pace = (pace * 2).min(SLOWEST_PACE);
                continue;
            }
            while !self.look(doorbell).await? {
                tokio::select! {
                    rung = doorbell.rung() => rung?,
                    () = self.hub.nudged() => {}
                    () = tokio::time::sleep(self.safety_poll) => doorbell.check().await?,
                }
            }
            doorbell.wake().await?;
            (idle, pace) = (0, PACE);
        }
    }

    /// Looks when the leader rings, until there is none.
    async fn follow(&self, doorbell: &mut Doorbell) -> Result<(), Error> {
        let mut safety_poll = tokio::time::interval(self.safety_poll);
        let mut election = tokio::time::interval(ELECTION);
        loop {
            let heard = doorbell.role() == Role::Follower { heard: true };
            tokio::select! {
                rung = doorbell.rung() => rung?,
                () = self.hub.nudged() => {}
                () = tokio::time::sleep(SLOWEST_PACE), if !heard => {}
                _ = safety_poll.tick() => {}
                _ = election.tick() => {
                    if doorbell.try_to_lead().await? {
                        tracing::info!("this server wakes the others now");
                        return Ok(());
                    }
                    continue;
                }
            }
            if self.look(doorbell).await? {
                tokio::time::sleep(PACE).await;
            }
        }
    }

    async fn listens(&self) -> Result<bool, Error> {
        if self.wake_up == WakeUp::Poll {
            return Ok(false);
        }
        let prepared: String =
            statement::value(&self.pool, query_scalar("select current_setting('max_prepared_transactions')")).await?;
        Ok(prepared == "0")
    }

    /// Publishes what is new, and tells the others. True if there were changes.
    async fn look(&self, doorbell: &mut Doorbell) -> Result<bool, Error> {
        let any = self.publish(doorbell).await?;
        if any {
            doorbell.tell().await?;
        } else {
            doorbell.attend().await?;
        }
        Ok(any)
    }

    async fn publish(&self, doorbell: &mut Doorbell) -> Result<bool, Error> {
        let from = self.hub.token().position;
        let wanted = Wanted { patience: self.row_timeout, ..Wanted::ALL };
        let Look { history, mut reading, age } = doorbell.look(&from, wanted).await?;
        let known = self.history.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if history != known {
            tracing::warn!("a new history of the database has begun: every client starts over");
            self.start_over().await?;
            return Ok(true);
        }
        if let Reading::TooMuch = reading {
            reading = bulk::changes_or_reloads(doorbell.connection().await?, &from, Measure::REPLAY).await?;
        }
        match reading {
            Reading::Changes { changes, position } => {
                let any = !changes.is_empty();
                if any || position != from {
                    let catalog = catalog_changes(&changes)?;
                    let rules = changes.iter().any(|change| change.table == ROOM_RULES);
                    if let Err(error) = self.hub.publish_aged(Batch { position, changes }, catalog, age) {
                        tracing::error!(%error, "the table must be tracked anew");
                    }
                    if rules {
                        self.read_rules(doorbell).await?;
                    }
                }
                Ok(any)
            }
            Reading::TooMuch => {
                tracing::warn!("so much has changed that it cannot even be weighed: every client starts over");
                self.start_over().await?;
                Ok(true)
            }
            Reading::Pruned => {
                tracing::info!("what comes next has been pruned: every client starts over from a snapshot");
                self.start_over().await?;
                Ok(true)
            }
            Reading::Ahead => {
                tracing::warn!("the database is behind what has been read from it: every client starts over");
                // It has been put back: what was said of positions that it has yet to reach again is no longer true.
                history::end(&self.pool, &known).await?;
                self.start_over().await?;
                Ok(true)
            }
        }
    }

    /// Reads the rules of rooms as they are now: at the place of the last change of them, or after it.
    async fn read_rules(&self, doorbell: &mut Doorbell) -> Result<(), Error> {
        let mut transaction = statement::begin_on(doorbell.connection().await?).await?;
        let rules = rules::read(&mut transaction).await?;
        transaction.commit().await?;
        self.hub.set_room_rights(Rights::new(rules));
        Ok(())
    }

    async fn start_over(&self) -> Result<(), Error> {
        let Stand { token, history, catalog, .. } = stand(&self.pool, None).await?;
        *self.history.lock().unwrap_or_else(PoisonError::into_inner) = history;
        self.hub.skip_to(token.epoch, token.position, catalog);
        // What changed them may have been skipped.
        let mut transaction = statement::begin(&self.pool).await?;
        self.hub.set_room_rights(Rights::new(rules::read(&mut transaction).await?));
        Ok(transaction.commit().await?)
    }
}

/// Where the database stands.
struct Stand {
    token: Token,
    /// The id of its history.
    history: String,
    /// Its tracked tables.
    catalog: Catalog,
    /// What led there.
    past: Option<Past>,
}

/// Changes from a position on. The list of tables has them already.
struct Past {
    from: Position,
    changes: Vec<RowChange>,
}

/// Looks at the database in one snapshot. The past is read only within bounds, and only if it is all there.
async fn stand(pool: &PgPool, past: Option<Bounds>) -> Result<Stand, Error> {
    let mut snapshot = Snapshot::open_with_changelog(pool).await?;
    let token = snapshot.token().await?;
    let history = snapshot.history().await?;
    let catalog = snapshot.tables().await?.into_iter().collect();
    let past = match past {
        Some(bounds) => match recent(snapshot.connection(), bounds).await {
            // It is only for those who come back at once; they can have it from the changelog.
            Err(error) if error.is_overtime() => None,
            recent => recent?,
        },
        None => None,
    };
    Ok(Stand { token, history, catalog, past })
}

async fn recent(connection: &mut PgConnection, bounds: Bounds) -> Result<Option<Past>, Error> {
    let mark: Option<String> = query_scalar(
        "select position::text from rowcast.mark where at <= now() - make_interval(secs => $1) order by at desc limit 1",
    )
    .bind(PAST.as_secs_f64())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(mark) = mark else { return Ok(None) };
    let from = position::parse(&mark)?;
    read::prepare(&mut *connection, Scope::Transaction).await?;
    let most = Some(Measure { changes: bounds.ring_changes, bytes: bounds.ring_bytes });
    let wanted = Wanted { most, without: &[CATALOG_TABLE], ..Wanted::ALL };
    Ok(match read::changes_after(&mut *connection, &from, wanted, Scope::Transaction).await?.reading {
        Reading::Changes { changes, .. } => Some(Past { from, changes }),
        Reading::TooMuch | Reading::Pruned | Reading::Ahead => None,
    })
}

/// The changelog's number for what it says about people.
const PEOPLE: TableId = -1;

/// What a batch says about somebody: see the triggers of the tables of people.
fn person_change(new: &RawValue) -> Result<PersonChange, Error> {
    #[derive(Deserialize)]
    struct Told {
        account: Option<i64>,
        login: Option<i64>,
        token: Option<i64>,
        #[serde(default)]
        ends: bool,
    }
    let unexpected = |why: String| Error::Unexpected(format!("what the changelog says about people: {why}"));
    let told: Told = serde_json::from_str(new.get()).map_err(|error| unexpected(error.to_string()))?;
    let whose = match (told.account, told.login, told.token) {
        (Some(account), None, None) => Whose::Account(account),
        (None, Some(login), None) => Whose::Credential(Credential::Login(login)),
        (None, None, Some(token)) => Whose::Credential(Credential::Token(token)),
        _ => return Err(unexpected(format!("whose {new} is"))),
    };
    Ok(PersonChange { whose, ends: told.ends })
}

/// What the batch says about the list of tables, and about people.
fn catalog_changes(changes: &[RowChange]) -> Result<Vec<CatalogChange>, Error> {
    #[derive(Deserialize)]
    struct Tracked {
        id: TableId,
        schema_name: String,
        table_name: String,
        key: Vec<String>,
        columns: Vec<Column>,
        partitioned: bool,
        since: String,
        #[serde(default)]
        policies: Vec<Policy>,
    }
    let read = |image: &RawValue| -> Result<Tracked, Error> {
        serde_json::from_str(image.get()).map_err(|error| Error::Unexpected(format!("rowcast.tracked: {error}")))
    };
    let mut found = Vec::new();
    for change in changes.iter().filter(|change| matches!(change.table, CATALOG_TABLE | PEOPLE)) {
        match &change.operation {
            Operation::Insert { new } if change.table == PEOPLE => {
                found.push(CatalogChange::Person(person_change(new)?));
            }
            _ if change.table == PEOPLE => {}
            Operation::Insert { new } | Operation::Update { new, .. } => {
                let row = read(new)?;
                let since = position::transaction(&row.since)?;
                found.push(CatalogChange::Tracked(Table {
                    id: row.id,
                    schema: row.schema_name,
                    name: row.table_name,
                    key: row.key,
                    columns: row.columns,
                    partitioned: row.partitioned,
                    since,
                    policies: row.policies,
                }));
            }
            Operation::Delete { old } => found.push(CatalogChange::Untracked(read(old)?.id)),
            Operation::Truncate | Operation::Reload => {}
        }
    }
    Ok(found)
}
