//! What a page sees of its one connection: a status, a button, and a place to subscribe.
//!
//! Created once at the root of the app, because what it starts must outlive every page.

use super::{Replica, Sink, transport};
use crate::protocol::CloseCode;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use leptos::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// The server does not want this page back.
    Refused {
        /// WebSocket close code.
        code: u16,
    },
}

impl Status {
    /// Why a refused page was refused, for people.
    pub fn refusal(code: u16) -> String {
        if code == CloseCode::ProtocolViolation.code() {
            "this page and the server do not understand each other; reload the page".to_owned()
        } else {
            format!("the server closed the connection for good (code {code}); reload the page")
        }
    }
}

/// What a page asks of the transport.
#[derive(Debug)]
pub(super) enum Command {
    /// Send this frame, if the socket is open; else it is not needed, because opening says everything anew.
    Send(#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has a transport"))] String),
    /// Do not wait for the next try.
    RetryNow,
}

/// The connection of this page. Cheap to clone; all clones are the same connection.
#[derive(Clone)]
pub struct Connection {
    replica: Arc<Mutex<Replica>>,
    status: ArcRwSignal<Status>,
    /// Bounded by what a person can click and a page can mount; the transport empties it at once.
    commands: UnboundedSender<Command>,
}

/// Creates the page's connection, makes it available to all components below, and in a browser starts it.
pub fn provide_connection() -> Connection {
    let (commands, received) = unbounded();
    let status = ArcRwSignal::new(Status::Connecting { offline_since: None });
    let connection = Connection { replica: Arc::default(), status, commands };
    provide_context(connection.clone());
    transport::start(&connection, received);
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

    /// Subscribes `sink` to a table. Returns an id for [`unsubscribe`](Self::unsubscribe).
    pub(super) fn subscribe(&self, table: &str, position: Option<String>, sink: Box<dyn Sink>) -> u64 {
        let (id, frame) = self.replica().subscribe(table, position, sink);
        frame.into_iter().for_each(|frame| self.command(Command::Send(frame)));
        id
    }

    /// Ends a subscription.
    pub(super) fn unsubscribe(&self, id: u64) {
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

    /// On a server nobody receives, and nothing needs to.
    fn command(&self, command: Command) {
        let _ = self.commands.unbounded_send(command);
    }
}
