//! What a page sees of its one connection: a status, a button, and a place to subscribe.
//!
//! Created once at the root of the app, because what it starts must outlive every page.

use super::{
    Initial, Live, LiveRow, Outgoing, Query, Replica,
    machine::PAUSE_AFTER_MS,
    registry::{Identity, Reading, Registry, UNUSED_KEPT_MS},
    rooms::{RoomMessage, RoomSink},
    traffic::Traffic,
    transport,
    use_room::KEPT_MESSAGES,
};
use crate::protocol::{ClientFrame, CloseCode};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use leptos::{prelude::*, reactive::effect::batch};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a person is told of the connection. Times are milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// For the first time, or again after a wait.
    Connecting {
        /// Since when there has been no connection, if there once was one.
        offline_since: Option<u64>,
    },
    /// Connected; rows are on their way.
    CatchingUp,
    /// Every row shown is the current one.
    Live,
    /// Connected to the server, which cannot reach its database.
    SourceUnavailable {
        /// Since when.
        since: u64,
    },
    /// Between two tries.
    Waiting {
        /// Since when there has been no connection.
        offline_since: u64,
        /// When the next try is due.
        retry_at: u64,
    },
    /// Nobody has looked at the page for long. It connects again when somebody does.
    Paused,
    /// The server does not want this page back.
    Refused {
        /// WebSocket close code.
        code: u16,
    },
}

impl Status {
    /// Why a refused page was refused, for people.
    pub fn refusal(code: u16) -> String {
        if code == CloseCode::SignedOut.code() {
            "you are signed out; sign in again".to_owned()
        } else if code == CloseCode::ProtocolViolation.code() {
            "this page and the server do not understand each other; reload the page".to_owned()
        } else {
            format!("the server closed the connection for good (code {code}); reload the page")
        }
    }
}

/// What is answered to what is said to one person.
const DIRECT: &str = "direct";

/// What a page asks of the transport.
#[derive(Debug)]
pub(super) enum Command {
    /// Send this frame, if the socket is open; else it is not needed, because opening says everything anew.
    Send(#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has a transport"))] String),
    /// Ask the server for an answer, if the socket is open.
    Ping,
    /// Do not wait for the next try.
    RetryNow,
}

/// The connection of this page. Cheap to clone; all clones are the same connection.
#[derive(Clone)]
pub struct Connection {
    replica: Arc<Mutex<Replica>>,
    registry: Arc<Mutex<Registry>>,
    status: ArcRwSignal<Status>,
    nodes: ArcRwSignal<Option<bool>>,
    said: ArcRwSignal<VecDeque<(u64, RoomMessage)>>,
    traffic: Arc<Mutex<Traffic>>,
    /// Bounded by what a person can click and a page can mount; the transport empties it at once.
    commands: UnboundedSender<Command>,
}

/// How a page's connection behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// A page that nobody has looked at for this long gives up its connection until somebody does; `None`: never.
    pub pause_after: Option<Duration>,
    /// Whether it connects at all, which is of no use to somebody who is not let in.
    pub connects: bool,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self { pause_after: Some(Duration::from_millis(PAUSE_AFTER_MS)), connects: true }
    }
}

/// Creates the page's connection, makes it available to all components below, and in a browser starts it.
pub fn provide_connection() -> Connection {
    provide_connection_with(ConnectionOptions::default())
}

/// [`provide_connection`] with other than the usual options.
pub fn provide_connection_with(options: ConnectionOptions) -> Connection {
    let (commands, received) = unbounded();
    let status = ArcRwSignal::new(Status::Connecting { offline_since: None });
    let (nodes, said) = (ArcRwSignal::new(None), ArcRwSignal::new(VecDeque::new()));
    let (replica, registry, traffic) = Default::default();
    let connection = Connection { replica, registry, status, nodes, said, traffic, commands };
    provide_context(connection.clone());
    transport::start(&connection, options, received);
    connection
}

/// The connection that [`provide_connection`] made.
pub fn use_connection() -> Connection {
    expect_context()
}

impl Connection {
    /// How the connection is doing. Tracked.
    pub fn status(&self) -> Status {
        self.status.get()
    }

    /// Do not wait for the next try.
    pub fn retry_now(&self) {
        self.command(Command::RetryNow);
    }

    /// One more user of a query, until what is returned is dropped.
    pub(super) fn lease<T: LiveRow>(&self, query: &Query<T>) -> Lease<T> {
        let live = self.registry().enter(query);
        Lease { connection: self.clone(), identity: Identity::of(query), live }
    }

    /// Takes a frame. All signals that it changes are set before any effect sees one of them.
    #[cfg_attr(not(any(test, feature = "hydrate")), expect(dead_code, reason = "only a browser has a transport"))]
    pub(super) fn receive(&self, text: &str) -> Outgoing {
        self.count(|traffic| traffic.received(text));
        batch(|| {
            let out = self.replica().receive(text);
            if out.nodes.is_some() && self.nodes.get_untracked() != out.nodes {
                self.nodes.set(out.nodes);
            }
            if !out.said.is_empty() {
                self.said.update(|said| {
                    for message in &out.said {
                        let number = said.back().map_or(0, |(number, _)| number + 1);
                        said.push_back((number, message.clone()));
                    }
                    let most = said.len().saturating_sub(KEPT_MESSAGES);
                    said.drain(..most);
                });
            }
            out
        })
    }

    /// What has come so far. Not tracked: it moves with every frame.
    pub fn traffic(&self) -> Traffic {
        self.count(|traffic| *traffic)
    }

    /// How many subscriptions the page has. Not tracked.
    pub fn subscriptions(&self) -> usize {
        self.replica().len()
    }

    /// Where the page's rows stand, as a token; none before any have come. Not tracked.
    pub fn position(&self) -> Option<String> {
        self.replica().position().map(str::to_owned)
    }

    /// Asks the server for an answer. How long that took is in [`traffic`](Self::traffic) once it has come.
    pub fn ping(&self) {
        self.command(Command::Ping);
    }

    pub(super) fn count<R>(&self, count: impl FnOnce(&mut Traffic) -> R) -> R {
        count(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether people on the other servers can be heard; `None` where there are none. Tracked.
    pub fn nodes(&self) -> Option<bool> {
        self.nodes.get()
    }

    /// The last [`KEPT_MESSAGES`] that were said to this person, or to everybody. Tracked.
    pub fn said(&self) -> Vec<RoomMessage> {
        self.said.with(|said| said.iter().map(|(_, message)| message.clone()).collect())
    }

    /// Calls `act` with each message to this person or to everybody that comes from now on, as long as the calling component lives.
    pub fn on_said(&self, act: impl Fn(&RoomMessage) + Send + Sync + 'static) {
        let said = self.said.clone();
        let first = said.with_untracked(|said| said.back().map_or(0, |(number, _)| number + 1));
        Effect::new(move |next: Option<u64>| {
            let next = next.unwrap_or(first);
            let new: Vec<(u64, RoomMessage)> =
                said.with(|said| said.iter().filter(|(number, _)| *number >= next).cloned().collect());
            new.iter().for_each(|(_, message)| untrack(|| act(message)));
            new.last().map_or(next, |(number, _)| number + 1)
        });
    }

    /// Says something to one person, on all their pages. What is said without a connection is not said later, and what is said to
    /// somebody who is not there is lost.
    pub fn direct(&self, to: &str, event: &str, payload: Value) {
        // With a name, so that a refusal is an answer to it and no complaint.
        let r#ref = Some(DIRECT.to_owned());
        let frame = ClientFrame::Direct { to: to.to_owned(), event: event.to_owned(), payload, r#ref };
        // A frame of words and JSON values.
        serde_json::to_string(&frame).into_iter().for_each(|frame| self.command(Command::Send(frame)));
    }

    pub(super) fn join(&self, room: &str, state: Value, sink: Box<dyn RoomSink>) -> u64 {
        let (id, frame) = self.replica().join(room, state, sink);
        frame.into_iter().for_each(|frame| self.command(Command::Send(frame)));
        id
    }

    pub(super) fn leave(&self, room: &str, id: u64) {
        let frame = self.replica().leave(room, id);
        frame.into_iter().for_each(|frame| self.command(Command::Send(frame)));
    }

    pub(super) fn set_state(&self, room: &str, state: Value) {
        let frame = self.replica().set_state(room, state);
        frame.into_iter().for_each(|frame| self.command(Command::Send(frame)));
    }

    pub(super) fn publish(&self, room: &str, event: &str, payload: Value, echo: bool) -> bool {
        let frame = self.replica().publish(room, event, payload, echo);
        let said = frame.is_some();
        frame.into_iter().for_each(|frame| self.command(Command::Send(frame)));
        said
    }

    /// Shows no rows until the server has said which may be seen.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has a transport"))]
    pub(super) fn forget(&self) {
        batch(|| self.replica().forget());
    }

    fn unsubscribe(&self, id: u64) {
        let frame = self.replica().unsubscribe(id);
        frame.into_iter().for_each(|frame| self.command(Command::Send(frame)));
    }

    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has a transport"))]
    pub(super) fn report(&self, status: Status) {
        if self.status.with_untracked(|now| *now != status) {
            self.status.set(status);
        }
    }

    pub(super) fn replica(&self) -> MutexGuard<'_, Replica> {
        self.replica.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On a server nobody receives, and nothing needs to.
    fn command(&self, command: Command) {
        let _ = self.commands.unbounded_send(command);
    }
}

/// One use of a query. While there is one, its rows stay.
pub(super) struct Lease<T: LiveRow> {
    connection: Connection,
    identity: Identity,
    live: Live<T>,
}

impl<T: LiveRow> Lease<T> {
    pub(super) fn live(&self) -> &Live<T> {
        &self.live
    }

    pub(super) fn is_of(&self, query: &Query<T>) -> bool {
        self.identity == Identity::of(query)
    }

    /// Takes rows that came with the page.
    pub(super) fn fill(&self, initial: Initial<T>) {
        self.connection.registry().filled(&self.identity, initial.position.clone());
        self.live.fill(initial);
    }

    /// Subscribes, unless another user has. Not before the page is mounted: rows that change earlier would not be the ones
    /// that the server rendered.
    pub(super) fn start(&self) {
        let connection = &self.connection;
        let mut frame = None;
        connection.registry().start(&self.identity, |question, position| {
            let (id, request) = connection.replica().subscribe(question, position, Box::new(self.live.clone()));
            frame = request;
            id
        });
        frame.into_iter().for_each(|frame| connection.command(Command::Send(frame)));
    }

    /// See [`Registry::reading`].
    pub(super) fn reading(
        &self,
        make: impl FnOnce() -> Option<ArcResource<Reading<T>>>,
    ) -> Option<ArcResource<Reading<T>>> {
        self.connection.registry().reading(&self.identity, make)
    }
}

impl<T: LiveRow> Drop for Lease<T> {
    fn drop(&mut self) {
        let Some(left) = self.connection.registry().leave(&self.identity) else { return };
        let (connection, identity) = (self.connection.clone(), self.identity.clone());
        transport::later(UNUSED_KEPT_MS, move || {
            let ended = connection.registry().expire(&identity, left);
            ended.into_iter().for_each(|id| connection.unsubscribe(id));
        });
    }
}
