//! Hub, sessions and clients together, without a network or a database.
//!
//! Everything is the real thing except the ends: a database in miniature instead of Postgres, a short channel instead of
//! a WebSocket, a clock that jumps. Whatever is written, whoever comes, goes, stalls or loses its connection at any
//! point: at every commit each client's rows are those of exactly that position, for all its subscriptions together.

mod sharing;

use super::{Limits, Recheck, Shared, session};
use crate::{
    changelog::{Error, Haste, Reading, Rows, Source},
    hub::{
        Batch, Bounds, CatalogChange, Definition, Hub, Table, TableId, ViewBounds,
        filter::{Constant, FilterError},
        tests::model::{self, Act, Model, TABLES},
    },
    protocol::{Change, CloseCode, Epoch, OrderBy, Position, ResyncReason, ServerFrame, Subscribe, Token},
    store::{Diverged, LiveRow, Phase, Replica, RowChange, Sink, Staging},
};
use axum::extract::ws::Message;
use bytes::Bytes;
use futures::{
    Stream, StreamExt,
    channel::mpsc::{Receiver, Sender, channel},
    stream::BoxStream,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Runs, if PROPTEST_CASES does not ask for more.
const CASES: u32 = 1_500;
/// Rows of a window.
const WINDOW: usize = 2;
/// Clients of a run.
const CLIENTS: usize = 2;
/// One row more than a window shows.
const VIEW: ViewBounds = ViewBounds { slack: 1, ends: 1, groups: 10 };
/// Small, so that everything overflows.
const BOUNDS: Bounds = Bounds {
    outbox_bytes: 400,
    queued_bytes: 500,
    chunks_ahead: 1,
    ring_bytes: 1_000_000,
    ring_changes: 6,
    folded_in_place: 2,
    view: VIEW,
};
/// Frames that fit into the network between a session and its client.
const NETWORK_FRAMES: usize = 2;
/// More changes than this are too much to replay.
const MOST_CHANGES: usize = 12;
/// Now and then, so that heartbeats commit too, and clients that stall are given up.
const HEARTBEAT: Duration = Duration::from_millis(40);
/// Long enough for every timer but those that give a client up.
const A_WHILE: Duration = Duration::from_millis(5);
/// Rounds after which everybody must be live.
const ROUNDS: usize = 2_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    Write(Act),
    /// The source tells the hub what is new.
    Publish,
    /// There was too much to tell.
    Skip,
    /// Another history: a restored backup, a promoted standby.
    Failover,
    /// Retention removes everything that has ended.
    Prune,
    TrackAnew(usize),
    /// The table gets another column, and the catalog knows.
    Alter(usize),
    /// A bulk change, told as such.
    Bulk(usize),
    Outage(bool),
    /// Others lock a table, or let go of it.
    Lock {
        table: usize,
        locked: bool,
    },
    Connect(usize),
    Disconnect(usize),
    Subscribe {
        client: usize,
        table: usize,
        asks: Asks,
    },
    Unsubscribe {
        client: usize,
        nth: usize,
    },
    /// The client takes some frames, as many as there are.
    Take {
        client: usize,
        frames: usize,
    },
    /// Time passes.
    Wait,
}

/// What a client wants of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    All,
    Filtered,
    /// Only the first rows in an order.
    Window,
}

/// The rows of [`Asks::Filtered`].
const FILTER: fn(i64, u64) -> bool = |id, v| (5..=25).contains(&v) && [0, 2, 3].contains(&id);

fn asks() -> impl Strategy<Value = Asks> {
    prop_oneof![Just(Asks::All), Just(Asks::Filtered), Just(Asks::Window)]
}

/// One line for each step, to be read.
#[derive(Clone)]
struct Steps(Vec<Step>);

impl std::fmt::Debug for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "\n    {step:?}"))
    }
}

fn step() -> impl Strategy<Value = Step> {
    let client = || 0..CLIENTS;
    prop_oneof![
        12 => model::act().prop_map(Step::Write),
        8 => Just(Step::Publish),
        1 => Just(Step::Skip),
        1 => Just(Step::Failover),
        1 => Just(Step::Prune),
        1 => (0..TABLES).prop_map(Step::TrackAnew),
        1 => (0..TABLES).prop_map(Step::Alter),
        1 => (0..TABLES).prop_map(Step::Bulk),
        1 => any::<bool>().prop_map(Step::Outage),
        1 => (0..TABLES, any::<bool>()).prop_map(|(table, locked)| Step::Lock { table, locked }),
        2 => client().prop_map(Step::Connect),
        1 => client().prop_map(Step::Disconnect),
        4 => (client(), 0..TABLES, asks()).prop_map(|(client, table, asks)| Step::Subscribe { client, table, asks }),
        2 => (client(), 0..4usize).prop_map(|(client, nth)| Step::Unsubscribe { client, nth }),
        8 => (client(), 1..6usize).prop_map(|(client, frames)| Step::Take { client, frames }),
        8 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES.max(ProptestConfig::default().cases), failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn every_client_shows_exactly_its_position_whatever_happens(steps in prop::collection::vec(step(), 1..60).prop_map(Steps)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("builds");
        runtime.block_on(run(&steps.0)).map_err(TestCaseError::fail)?;
    }
}

async fn run(steps: &[Step]) -> Result<(), String> {
    let mut world = World::new();
    let stop = CancellationToken::new();
    let _stopped = stop.clone().drop_guard();
    tokio::spawn(super::fill(world.hub.clone(), world.shared.clone(), stop));
    for step in steps {
        world.step(*step).await?;
    }
    world.settle().await
}

// ------------------------------------------------------------------------------------------------------- the world

struct World {
    source: Miniature,
    shared: Arc<Shared<Miniature>>,
    hub: Arc<Hub>,
    clients: Vec<Client>,
}

impl World {
    fn new() -> Self {
        let model = Model::new();
        let catalog = model.tables().iter().cloned().collect();
        let hub = Arc::new(Hub::new(model.epoch, model.position(), catalog, BOUNDS));
        let source = Miniature { model: Arc::new(Mutex::new(model)), outage: Arc::default(), locked: Arc::default() };
        let clients = (0..CLIENTS).map(|_| Client::new(source.model.clone())).collect();
        Self { shared: Shared::new(source.clone()), source, hub, clients }
    }

    fn publish(&self, catalog: Vec<CatalogChange>) {
        let batch: Batch = self.source.model().batch_after(&self.hub.token().position);
        self.hub.publish(batch, catalog).expect("rows have keys");
    }

    fn skip(&self) {
        let model = self.source.model();
        self.hub.skip_to(model.epoch, model.position(), model.tables().iter().cloned().collect());
    }

    async fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Write(act) => self.source.model().act(act),
            Step::Publish => self.publish(Vec::new()),
            Step::Skip => self.skip(),
            Step::Failover => {
                let mut model = self.source.model();
                model.epoch = Epoch(model.epoch.0 + 1);
                drop(model);
                self.skip();
            }
            Step::Prune => {
                let mut model = self.source.model();
                model.horizon = model.position().oldest_missing();
            }
            Step::TrackAnew(table) => {
                // Attaching waits for all who write to the table.
                self.source.model().commit_all();
                self.publish(Vec::new());
                let (gone, new) = self.source.model().track_anew(table);
                self.publish(vec![CatalogChange::Untracked(gone), CatalogChange::Tracked(new)]);
            }
            Step::Alter(table) => {
                self.source.model().commit_all();
                self.publish(Vec::new());
                let altered = self.source.model().alter(table);
                self.publish(vec![CatalogChange::Tracked(altered)]);
            }
            Step::Bulk(table) => self.source.model().bulk(table),
            Step::Outage(outage) => {
                *self.source.outage.lock().expect("lock") = outage;
                self.hub.set_available(!outage);
            }
            Step::Lock { table, locked } => {
                let mut all = self.source.locked.lock().expect("lock");
                all[table] = locked;
            }
            Step::Connect(client) => self.clients[client].connect(&self.hub, &self.shared),
            Step::Disconnect(client) => self.clients[client].disconnect(),
            Step::Subscribe { client, table, asks } => self.clients[client].subscribe(table, asks),
            Step::Unsubscribe { client, nth } => self.clients[client].unsubscribe(nth),
            Step::Take { client, frames } => self.clients[client].take(frames)?,
            Step::Wait => tokio::time::sleep(A_WHILE).await,
        }
        Ok(())
    }

    /// Nothing is written any more, and everything works: in the end all clients are live and show the database.
    async fn settle(&mut self) -> Result<(), String> {
        self.source.model().commit_all();
        *self.source.outage.lock().expect("lock") = false;
        *self.source.locked.lock().expect("lock") = [false; TABLES];
        self.hub.set_available(true);
        for _ in 0..ROUNDS {
            self.publish(Vec::new());
            for client in &mut self.clients {
                client.connect(&self.hub, &self.shared);
                client.subscribe_failed_again();
                client.take(usize::MAX)?;
            }
            tokio::time::sleep(A_WHILE).await;
            if self.clients.iter().all(|client| client.is_current(&self.source.model())) {
                return Ok(());
            }
        }
        let states: Vec<String> = self.clients.iter().map(Client::describe).collect();
        Err(format!("not everybody became live:\n{}", states.join("\n")))
    }
}

// ---------------------------------------------------------------------------------------------------- the database

#[derive(Clone)]
struct Miniature {
    model: Arc<Mutex<Model>>,
    outage: Arc<Mutex<bool>>,
    locked: Arc<Mutex<[bool; TABLES]>>,
}

impl Miniature {
    fn model(&self) -> std::sync::MutexGuard<'_, Model> {
        self.model.lock().expect("lock")
    }

    fn reach(&self) -> Result<(), Error> {
        if *self.outage.lock().expect("lock") { Err(Error::Postgres(sqlx::Error::PoolTimedOut)) } else { Ok(()) }
    }
}

struct MiniatureSnapshot(Vec<(String, Vec<Box<RawValue>>)>);

impl Rows for MiniatureSnapshot {
    fn rows<'a>(&'a mut self, definition: &Definition) -> BoxStream<'a, Result<Box<RawValue>, Error>> {
        let rows = self.0.iter().find(|(name, _)| *name == definition.table.name).map(|(_, rows)| rows.clone());
        let mut rows = rows.expect("a table of the model");
        rows.retain(|row| {
            let image = Arc::from(row.clone());
            let row = crate::hub::Row::read(&definition.table, &image).expect("a row");
            definition.select(Some(&row)).is_some()
        });
        if definition.view.is_some() {
            rows.sort_by_key(|row| {
                let row: Row = serde_json::from_str(row.get()).expect("a row");
                (std::cmp::Reverse(row.v), row.id)
            });
            rows.truncate(WINDOW + VIEW.slack + 1);
        }
        futures::stream::iter(rows.into_iter().map(Ok)).boxed()
    }
}

impl Source for Miniature {
    type Snapshot = MiniatureSnapshot;

    async fn snapshot(&self, table: &Table, _: Haste) -> Result<(Token, MiniatureSnapshot), Error> {
        self.reach()?;
        let model = self.model();
        let index = model.tables().iter().position(|other| other.name == table.name).expect("a table of the model");
        if self.locked.lock().expect("lock")[index] {
            return Err(Error::Locked);
        }
        let rows = model.tables().iter().enumerate().map(|(index, table)| (table.name.clone(), model.row_texts(index)));
        Ok((model.token(), MiniatureSnapshot(rows.collect())))
    }

    async fn constants(&self, _: &[Constant]) -> Result<Result<Vec<String>, FilterError>, Error> {
        Ok(Ok(Vec::new()))
    }

    async fn changes_after(&self, from: &Position, _: TableId) -> Result<Reading, Error> {
        self.reach()?;
        let model = self.model();
        let Batch { changes, position } = model.batch_after(from);
        Ok(if from.oldest_missing() < model.horizon {
            Reading::Pruned
        } else if changes.len() > MOST_CHANGES {
            Reading::TooMuch
        } else {
            Reading::Changes { changes, position }
        })
    }
}

// ------------------------------------------------------------------------------------------------------ the client

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    id: i64,
    v: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
struct Key {
    id: i64,
}

impl LiveRow for Row {
    const TABLE: &'static str = "";
    type Key = Key;

    fn key(&self) -> Key {
        Key { id: self.id }
    }
}

/// What one subscription shows.
#[derive(Debug, Default)]
struct View {
    rows: model::Rows,
    position: Option<Position>,
    phase: Option<Phase>,
    /// What did not agree with the database.
    wrong: Option<String>,
}

struct Screen {
    model: Arc<Mutex<Model>>,
    table: usize,
    asks: Asks,
    staging: Staging<Row>,
    view: Arc<Mutex<View>>,
}

impl Sink for Screen {
    fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error> {
        self.staging.snapshot(rows, more)
    }

    fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error> {
        self.staging.changes(changes)
    }

    fn commit(&mut self, position: &Position) -> Result<(), Diverged> {
        let mut view = self.view.lock().expect("lock");
        let rows = &mut view.rows;
        let mut fits = true;
        for change in self.staging.commit() {
            fits &= match change {
                RowChange::Insert(row) => rows.insert(row.id, row.v).is_none(),
                RowChange::Update(row) => rows.insert(row.id, row.v).is_some(),
                RowChange::Delete(key) => rows.remove(&key.id).is_some(),
                RowChange::Replace(all) => {
                    *rows = all.into_iter().map(|row| (row.id, row.v)).collect();
                    true
                }
            };
        }
        let due = due(&self.model.lock().expect("lock").rows_at(self.table, position), self.asks);
        if !fits || view.rows != due {
            let wrong = format!("at {position:?} shows {:?} instead of {due:?}", view.rows);
            view.wrong.get_or_insert(wrong);
        }
        view.position = Some(position.clone());
        if fits { Ok(()) } else { Err(Diverged) }
    }

    fn forget(&mut self) {
        self.discard();
        self.view.lock().expect("lock").rows.clear();
    }

    fn discard(&mut self) {
        self.staging.discard();
    }

    fn enter(&mut self, phase: Phase) {
        self.view.lock().expect("lock").phase = Some(phase);
    }
}

/// What a subscription shows of a table's rows.
fn due(rows: &model::Rows, asks: Asks) -> model::Rows {
    let mut rows: Vec<(i64, u64)> = rows.iter().map(|(id, v)| (*id, *v)).collect();
    if asks == Asks::Filtered {
        rows.retain(|(id, v)| FILTER(*id, *v));
    }
    if asks == Asks::Window {
        rows.sort_by_key(|(id, v)| (std::cmp::Reverse(*v), *id));
        rows.truncate(WINDOW);
    }
    rows.into_iter().collect()
}

struct Connected {
    to_server: Sender<Result<Message, axum::Error>>,
    from_server: Receiver<Message>,
    session: tokio::task::JoinHandle<()>,
}

struct Client {
    model: Arc<Mutex<Model>>,
    replica: Replica,
    views: BTreeMap<u64, (usize, Asks, Arc<Mutex<View>>)>,
    connected: Option<Connected>,
    heard: Vec<String>,
    /// When it last took frames.
    taken: Instant,
}

impl Client {
    fn new(model: Arc<Mutex<Model>>) -> Self {
        Self {
            model,
            replica: Replica::default(),
            views: BTreeMap::new(),
            connected: None,
            heard: Vec::new(),
            taken: Instant::now(),
        }
    }

    fn connect(&mut self, hub: &Arc<Hub>, source: &Arc<Shared<Miniature>>) {
        if self.connected.is_some() {
            return;
        }
        // Room for whatever a run says; the way back is narrow.
        let (to_server, frames_in) = channel(1_000);
        let (frames_out, from_server) = channel(NETWORK_FRAMES);
        let wire = Pipe { frames_in, frames_out };
        let limits = Limits { heartbeat: HEARTBEAT, ..Limits::default() };
        let session = Arc::new(hub.open(Arc::default()));
        let session = tokio::spawn(session::serve(
            wire,
            source.clone(),
            limits,
            Arc::default(),
            CancellationToken::new(),
            Recheck::never(),
            session,
        ));
        self.connected = Some(Connected { to_server, from_server, session });
        let frames = self.replica.opened();
        self.send(frames);
    }

    /// Frames on their way are lost.
    fn disconnect(&mut self) {
        if let Some(connected) = self.connected.take() {
            connected.session.abort();
            self.replica.closed();
            self.heard.push("— disconnected".to_owned());
        }
    }

    fn subscribe(&mut self, table: usize, asks: Asks) {
        let view = Arc::new(Mutex::new(View::default()));
        let screen = Screen { model: self.model.clone(), table, asks, staging: Staging::default(), view: view.clone() };
        let name = ["public.a", "b"][table];
        let mut asked = Subscribe::from(name);
        if asks == Asks::Filtered {
            asked.filter = Some("v between $1 and 25 and id in (0, 2, 3)".to_owned());
            asked.params = vec![5.into()];
        }
        if asks == Asks::Window {
            asked.order = vec![OrderBy { column: "v".to_owned(), desc: true, nulls: None }];
            asked.limit = Some(WINDOW as u32);
        }
        let (id, frame) = self.replica.subscribe(asked, None, Box::new(screen));
        self.views.insert(id, (table, asks, view));
        self.send(frame);
    }

    fn unsubscribe(&mut self, nth: usize) {
        let Some(id) = self.views.keys().nth(nth).copied() else { return };
        self.views.remove(&id);
        let frame = self.replica.unsubscribe(id);
        self.send(frame);
    }

    fn subscribe_failed_again(&mut self) {
        let failed: Vec<(u64, usize, Asks)> = self
            .views
            .iter()
            .filter(|(_, (_, _, view))| matches!(view.lock().expect("lock").phase, Some(Phase::Failed { .. })))
            .map(|(id, (table, asks, _))| (*id, *table, *asks))
            .collect();
        for (id, table, asks) in failed {
            self.views.remove(&id);
            let frame = self.replica.unsubscribe(id);
            self.send(frame);
            self.subscribe(table, asks);
        }
    }

    fn take(&mut self, frames: usize) -> Result<(), String> {
        let taken = std::mem::replace(&mut self.taken, Instant::now());
        for _ in 0..frames {
            let Some(connected) = &mut self.connected else { return Ok(()) };
            match connected.from_server.try_recv() {
                Ok(Message::Text(text)) => self.receive(text.as_str())?,
                Ok(Message::Ping(_)) => drop(connected.to_server.try_send(Ok(Message::Pong(Bytes::new())))),
                Ok(Message::Close(Some(close))) if close.code == CloseCode::TimedOut.code() => self.disconnect(),
                Err(error) if error.is_empty() => return Ok(()),
                // One that took nothing for long may not even be told.
                Err(_) if taken.elapsed() > HEARTBEAT => self.disconnect(),
                other => return self.wrong(&format!("the session ended by itself: {other:?}")),
            }
        }
        Ok(())
    }

    fn receive(&mut self, text: &str) -> Result<(), String> {
        self.heard.push(text.to_owned());
        let out = self.replica.receive(text);
        if let Some(complaint) = out.complaints.first() {
            return self.wrong(complaint);
        }
        if let Ok(ServerFrame::Resync {
            reason: ResyncReason::PositionMalformed | ResyncReason::PositionUnknown, ..
        }) = ServerFrame::parse(text)
        {
            return self.wrong("a token of this very server is refused");
        }
        self.send(out.frames);
        let mut positions = Vec::new();
        for (_, _, view) in self.views.values() {
            let view = view.lock().expect("lock");
            if let Some(wrong) = &view.wrong {
                return self.wrong(wrong);
            }
            if view.phase == Some(Phase::Live) {
                positions.push(view.position.clone());
            }
        }
        if positions.windows(2).any(|pair| pair[0] != pair[1]) {
            return self.wrong("what is live shows different positions");
        }
        Ok(())
    }

    fn send(&mut self, frames: impl IntoIterator<Item = String>) {
        for frame in frames {
            self.heard.push(format!("→ {frame}"));
            if let Some(connected) = &mut self.connected {
                // Fails if the session has ended, which is found out when reading.
                let _ = connected.to_server.try_send(Ok(Message::Text(frame.into())));
            }
        }
    }

    fn is_current(&self, model: &Model) -> bool {
        self.replica.caught_up()
            && self.views.values().all(|(table, asks, view)| {
                let view = view.lock().expect("lock");
                view.phase == Some(Phase::Live) && view.rows == due(&model.rows(*table), *asks)
            })
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("{what}\n{}", self.describe()))
    }

    fn describe(&self) -> String {
        let views: Vec<String> =
            self.views.iter().map(|(id, (table, asks, view))| format!("{id} of {table}, {asks:?}: {view:?}")).collect();
        let heard: Vec<&str> = self.heard.iter().rev().take(40).rev().map(String::as_str).collect();
        format!("client\n  {}\nheard last\n  {}", views.join("\n  "), heard.join("\n  "))
    }
}

/// A WebSocket that is two channels.
struct Pipe {
    frames_in: Receiver<Result<Message, axum::Error>>,
    frames_out: Sender<Message>,
}

impl Stream for Pipe {
    type Item = Result<Message, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.frames_in.poll_next_unpin(context)
    }
}

impl futures::Sink<Message> for Pipe {
    type Error = axum::Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.frames_out.poll_ready(context).map_err(axum::Error::new)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.frames_out.start_send(message).map_err(axum::Error::new)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.frames_out.close_channel();
        Poll::Ready(Ok(()))
    }
}
