//! All subscriptions of one connection: which frame belongs to which, what commits when, where each resumes.
//!
//! Pure: text frames in, text frames out. A browser drives it through a WebSocket, the integration tests through
//! another one.
//!
//! Invariants:
//! - A subscription shows only what a position has committed, and all subscriptions show the same position's rows.
//! - A subscription resumes from the last position that spoke for it: one that was still arriving keeps the token it
//!   asked with, or none.

use super::{
    Phase, SubscriptionError,
    rooms::{RoomMessage, RoomSink, Rooms, said},
};
use crate::protocol::{self, Change, ClientFrame, ErrorCode, Position, ServerFrame, Subscribe, Token};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap};

/// Where one subscription's rows go.
pub trait Sink: Send {
    /// Is told the columns of the key, before any rows and whenever they may have changed.
    fn keyed(&mut self, key: &[String]) {
        let _ = key;
    }
    /// Takes a chunk of a snapshot, without showing it.
    fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error>;
    /// Takes changes, without showing them.
    fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error>;
    /// Shows what was taken. Fails if it does not fit what is shown, which means that something was lost.
    fn commit(&mut self, position: &Position) -> Result<(), Diverged>;
    /// Forgets what was taken and not shown.
    fn discard(&mut self);
    /// Shows nothing any more: the rows are not for whoever looks.
    fn forget(&mut self);
    /// Is told where the subscription stands.
    fn enter(&mut self, phase: Phase);
}

/// The rows shown are not what the server believes them to be. Cannot happen unless one side has a defect; answered by
/// starting over from a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows shown differ from what the server believes them to be")]
pub struct Diverged;

/// What a frame meant for the connection as a whole.
#[derive(Debug, Default, PartialEq)]
pub struct Outgoing {
    /// Frames to send, in order.
    pub frames: Vec<String>,
    /// The server promised a sign of life this often.
    pub heartbeat_ms: Option<u64>,
    /// The database behind the server became readable or unreadable.
    pub available: Option<bool>,
    /// Whether people on the other servers can be heard, if that was said.
    pub nodes: Option<bool>,
    /// What was said to this person, or to everybody.
    pub said: Vec<RoomMessage>,
    /// When this page asked what is answered here, by its own clock.
    pub pong: Option<f64>,
    /// For the developer's console: what should not have happened.
    pub complaints: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing heard of it on this connection.
    Requested,
    /// A snapshot is on its way.
    Loading,
    /// Complete with the next position.
    Arrived,
    /// Up to date.
    Live,
    /// Ended by the server. Where the reason may go away, it is asked for again now and then.
    Failed { again: bool },
}

impl Progress {
    fn is_failed(self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

struct Subscription {
    /// Without id and position.
    question: Subscribe,
    position: Option<String>,
    query: Option<u64>,
    progress: Progress,
    sink: Box<dyn Sink>,
}

impl Subscription {
    fn request(&self, id: u64) -> String {
        let frame = ClientFrame::Subscribe(Box::new(Subscribe {
            id: id.to_string(),
            position: self.position.clone(),
            ..self.question.clone()
        }));
        serde_json::to_string(&frame).expect("a frame of words and JSON values")
    }

    fn start_over(&mut self) {
        self.progress = Progress::Requested;
        self.query = None;
        self.sink.discard();
    }
}

/// The client's half of a connection, and what outlives it.
#[derive(Default)]
pub struct Replica {
    subscriptions: BTreeMap<u64, Subscription>,
    next_id: u64,
    connected: bool,
    rooms: Rooms,
    /// Whose positions these are.
    rights: String,
}

impl Replica {
    /// A name that this page has made up for itself and nobody else can know: by it, the server knows the page again that
    /// comes back after a loss, and its rooms do not see it go.
    pub fn set_client(&mut self, client: String) {
        self.rooms.set_client(client);
    }

    /// Joins a room. Returns what [`leave`](Self::leave) wants to know and, while connected, the frame to send.
    pub fn join(&mut self, room: &str, state: Value, sink: Box<dyn RoomSink>) -> (u64, Option<String>) {
        self.rooms.join(room, state, sink)
    }

    /// Leaves a room, unless another part of the page is there. Returns the frame to send while connected.
    pub fn leave(&mut self, room: &str, id: u64) -> Option<String> {
        self.rooms.leave(room, id)
    }

    /// Changes what the others in a room see of this page. Returns the frame to send while connected.
    pub fn set_state(&mut self, room: &str, state: Value) -> Option<String> {
        self.rooms.set_state(room, state)
    }

    /// Says something in a room; with `echo`, this page hears it, too. Returns the frame to send while connected: what is
    /// said without a connection is not said later.
    pub fn publish(&self, room: &str, event: &str, payload: Value, echo: bool) -> Option<String> {
        self.rooms.publish(room, event, payload, echo)
    }

    /// Adds a subscription that continues from `position`, or starts with a snapshot. The id and the position of
    /// `question` do not matter; a text is a whole table. Returns the subscription's id and, while connected, the frame to
    /// send.
    pub fn subscribe(
        &mut self,
        question: impl Into<Subscribe>,
        position: Option<String>,
        sink: Box<dyn Sink>,
    ) -> (u64, Option<String>) {
        self.next_id += 1;
        let id = self.next_id;
        let question = question.into();
        let subscription = Subscription { question, position, query: None, progress: Progress::Requested, sink };
        let frame = self.connected.then(|| subscription.request(id));
        self.subscriptions.insert(id, subscription);
        (id, frame)
    }

    /// Ends a subscription. Returns the frame to send while connected.
    pub fn unsubscribe(&mut self, id: u64) -> Option<String> {
        let ended = self.subscriptions.remove(&id)?;
        (self.connected && !ended.progress.is_failed()).then(|| unsubscribe_frame(id))
    }

    /// The socket is open. Returns the frames to send.
    pub fn opened(&mut self) -> Vec<String> {
        self.connected = true;
        self.subscriptions
            .iter_mut()
            .map(|(id, subscription)| {
                subscription.start_over();
                subscription.request(*id)
            })
            .chain(self.rooms.opened())
            .collect()
    }

    /// The socket is gone. What it had not committed is forgotten.
    pub fn closed(&mut self) {
        self.connected = false;
        self.rooms.closed();
        for subscription in self.subscriptions.values_mut() {
            subscription.start_over();
            subscription.sink.enter(Phase::CatchingUp);
        }
    }

    /// Whoever looks may see other rows now, or none: what is shown is forgotten, and everything starts over.
    pub fn forget(&mut self) {
        for subscription in self.subscriptions.values_mut() {
            subscription.start_over();
            subscription.position = None;
            subscription.sink.forget();
        }
    }

    /// Whether every subscription is up to date.
    pub fn caught_up(&self) -> bool {
        self.connected
            && self.subscriptions.values().all(|one| one.progress == Progress::Live || one.progress.is_failed())
    }

    /// The number of subscriptions.
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether there are no subscriptions.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Where the rows of the page stand, as a token; none before any have come.
    pub fn position(&self) -> Option<&str> {
        self.subscriptions.values().find_map(|subscription| subscription.position.as_deref())
    }

    /// Takes a frame.
    pub fn receive(&mut self, text: &str) -> Outgoing {
        let mut out = Outgoing::default();
        let frame = match ServerFrame::parse(text) {
            Ok(frame) => frame,
            Err(error) => {
                out.complaints.push(format!("a frame was not understood: {error}"));
                return out;
            }
        };
        match frame {
            ServerFrame::Welcome { heartbeat_ms, available, nodes, rights, .. } => {
                out.nodes = nodes;
                self.rights = rights.into_owned();
                out.heartbeat_ms = Some(heartbeat_ms);
                out.available = Some(available);
            }
            ServerFrame::Source { available } => out.available = Some(available),
            ServerFrame::Subscribed { id, query, key, resumed } => self.subscribed(&id, query, &key, resumed),
            ServerFrame::Resync { query, .. } => self.of_query(query, |subscription| {
                subscription.progress = Progress::Loading;
                subscription.sink.discard();
                subscription.sink.enter(Phase::CatchingUp);
            }),
            ServerFrame::Snapshot { query, rows, more, position } => {
                self.stage(query, &mut out, |subscription| {
                    subscription.sink.snapshot(&rows, more)?;
                    if !more {
                        subscription.progress = Progress::Arrived;
                    }
                    Ok(())
                });
                self.commit(position.as_deref(), &mut out);
            }
            ServerFrame::Changes { query, changes, position } => {
                self.stage(query, &mut out, |subscription| subscription.sink.changes(&changes));
                self.commit(position.as_deref(), &mut out);
            }
            ServerFrame::Commit { position } => self.commit(Some(&position), &mut out),
            ServerFrame::Heartbeat { position } => {
                self.commit(position.as_deref(), &mut out);
                self.ask_again(&mut out);
                out.frames.extend(self.rooms.ask_again());
            }
            ServerFrame::Error { id, code, message, at, hint, room, r#ref } => {
                let (message, hint) = (message.into_owned(), hint.map(Cow::into_owned));
                let error = SubscriptionError { code, message, at, hint };
                match room {
                    Some(room) => self.rooms.refused(&room, r#ref.as_deref(), error),
                    // Whoever asked for an answer has it.
                    None if r#ref.is_some() => {}
                    None => self.refused(id.as_deref(), error, &mut out),
                }
            }
            ServerFrame::Joined { room, session, members, more, history } => {
                self.rooms.joined(&room, &session, &members, more, history);
            }
            ServerFrame::Presence { room, joins, updates, leaves } => {
                let updates = updates.iter().map(|update| (&*update.session, update.state));
                self.rooms.presence(&room, &joins, updates, &leaves);
            }
            ServerFrame::Message { room, from, event, payload } => self.rooms.message(&room, &from, &event, payload),
            ServerFrame::Direct { from, event, payload } | ServerFrame::Broadcast { from, event, payload } => {
                out.said.push(said(&from, &event, payload));
            }
            ServerFrame::Missed { room: Some(room) } => self.rooms.missed(&room),
            ServerFrame::Nodes { connected } => out.nodes = Some(connected),
            ServerFrame::Missed { room: None } | ServerFrame::Ack { .. } => {}
            ServerFrame::Pong { t } => out.pong = t.as_f64(),
            ServerFrame::Unknown => {}
        }
        out
    }

    /// Also said of a subscription that is live, when its table was altered: then it has another query from now on.
    fn subscribed(&mut self, id: &str, query: u64, key: &[String], resumed: bool) {
        let Some(subscription) = id.parse().ok().and_then(|id| self.subscriptions.get_mut(&id)) else { return };
        subscription.query = Some(query);
        // Two subscriptions of one query share its frames, so both take the snapshot that the second one needs.
        self.of_query(query, |one| {
            one.sink.discard();
            one.sink.keyed(key);
            one.progress = if resumed { Progress::Arrived } else { Progress::Loading };
            one.sink.enter(Phase::CatchingUp);
        });
    }

    fn refused(&mut self, id: Option<&str>, error: SubscriptionError, out: &mut Outgoing) {
        let subscription = id.and_then(|id| id.parse().ok()).and_then(|id| self.subscriptions.get_mut(&id));
        match (subscription, error.code) {
            (Some(_), ErrorCode::SourceUnavailable) => {}
            (Some(subscription), code) => {
                subscription.start_over();
                let again =
                    matches!(code, ErrorCode::UnknownTable | ErrorCode::TableUntracked | ErrorCode::UnreadableTable);
                subscription.progress = Progress::Failed { again };
                // Whatever mends it, the rows of before are not what to build upon.
                subscription.position = None;
                // It may have been taken from whoever looks.
                if matches!(code, ErrorCode::UnknownTable | ErrorCode::UnknownColumn) {
                    subscription.sink.forget();
                }
                subscription.sink.enter(Phase::Failed(error));
            }
            // Of a subscription that has been given up meanwhile.
            (None, _) if id.is_some() => {}
            (None, code) => out.complaints.push(format!("the server refused a frame ({code:?}): {}", error.message)),
        }
    }

    /// A table that nobody had made live may be live by now.
    fn ask_again(&mut self, out: &mut Outgoing) {
        for (id, subscription) in &mut self.subscriptions {
            if subscription.progress == (Progress::Failed { again: true }) {
                subscription.progress = Progress::Requested;
                out.frames.push(subscription.request(*id));
            }
        }
    }

    fn of_query(&mut self, query: u64, mut act: impl FnMut(&mut Subscription)) {
        self.subscriptions.values_mut().filter(|one| one.query == Some(query)).for_each(&mut act);
    }

    fn stage(
        &mut self,
        query: u64,
        out: &mut Outgoing,
        mut take: impl FnMut(&mut Subscription) -> Result<(), serde_json::Error>,
    ) {
        for (id, subscription) in self.subscriptions.iter_mut().filter(|(_, one)| one.query == Some(query)) {
            if let Err(error) = take(subscription) {
                subscription.start_over();
                subscription.progress = Progress::Failed { again: false };
                let message =
                    format!("the rows of {} are not as this page expects: {error}", subscription.question.table);
                let error = SubscriptionError { code: ErrorCode::Unknown, message, at: None, hint: None };
                subscription.sink.enter(Phase::Failed(error));
                out.frames.push(unsubscribe_frame(*id));
            }
        }
    }

    fn commit(&mut self, token: Option<&str>, out: &mut Outgoing) {
        let Some(token) = token else { return };
        let position = match token.parse::<Token>() {
            Ok(token) => token.position,
            Err(error) => {
                out.complaints.push(format!("{token:?}: {error}"));
                return;
            }
        };
        for (id, subscription) in &mut self.subscriptions {
            if !matches!(subscription.progress, Progress::Arrived | Progress::Live) {
                continue;
            }
            if let Err(diverged) = subscription.sink.commit(&position) {
                out.complaints.push(format!("{}: {diverged}; starting over", subscription.question.table));
                subscription.start_over();
                subscription.position = None;
                subscription.sink.enter(Phase::CatchingUp);
                out.frames.push(unsubscribe_frame(*id));
                out.frames.push(subscription.request(*id));
                continue;
            }
            subscription.position = Some(protocol::stamp(token, &self.rights));
            if subscription.progress == Progress::Arrived {
                subscription.progress = Progress::Live;
                subscription.sink.enter(Phase::Live);
            }
        }
    }
}

fn unsubscribe_frame(id: u64) -> String {
    serde_json::to_string(&ClientFrame::Unsubscribe { id: id.to_string() }).expect("a frame of strings")
}

#[cfg(test)]
#[path = "replica_tests.rs"]
mod tests;
