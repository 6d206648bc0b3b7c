//! Sessions: what one connected client may do with the hub.

use super::{Hub, NotYet, QueryId, Ready, State};
use crate::{
    hub::{Chunk, Definition, Delivery, Frame, OnItsWay, Principal, Sent},
    protocol::{CloseCode, ErrorCode, ServerFrame},
};
use std::{borrow::Cow, sync::Arc};
use tokio::sync::{Notify, Semaphore, watch};

/// Names one use of a query by one session, from `hold` to `release`. A later use has another.
pub type Ticket = u64;

/// A distinct query, as a session sees it.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its number.
    pub id: QueryId,
    /// What it asks.
    pub definition: Arc<Definition>,
    /// This use of it.
    pub ticket: Ticket,
    /// Whether this session used it already.
    pub shared: bool,
}

/// One connected client, as the hub sees it.
#[derive(Debug)]
pub struct Session {
    pub(super) hub: Arc<Hub>,
    pub(super) id: u64,
    principal: Arc<Principal>,
    filled: Arc<Notify>,
    ended: watch::Receiver<bool>,
    room: Arc<Semaphore>,
}

impl Session {
    pub(super) fn new(
        hub: Arc<Hub>,
        id: u64,
        principal: Arc<Principal>,
        filled: Arc<Notify>,
        ended: watch::Receiver<bool>,
        room: usize,
    ) -> Self {
        Self { hub, id, principal, filled, ended, room: Arc::new(Semaphore::new(room)) }
    }

    /// The hub's number for this session.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Who it is.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Uses the query that asks this. It is not live before [`go_live`](Self::go_live).
    ///
    /// Who asks again for a query starts over, for all of its subscribers on this session; `announce` makes the frames
    /// that tell them so. They are queued in the same step, because from here on a position speaks for this query no more.
    /// `None` if the table is tracked no longer, or has another shape by now: nobody would tell its subscribers later.
    pub fn hold(&self, definition: Definition, announce: impl FnOnce(QueryId) -> Vec<Frame>) -> Option<Query> {
        let mut state = self.hub.lock();
        state.catalog.get(definition.table.id).filter(|tracked| **tracked == definition.table)?;
        state.next += 1;
        let ticket = state.next;
        let (id, entry) = state.entry(definition);
        let definition = entry.definition.clone();
        let shared = entry.live.remove(&self.id);
        let own = state.sessions.get_mut(&self.id)?;
        let shared = own.held.insert(id, ticket).is_some() || shared;
        if shared {
            own.outbox.push(Delivery { frames: announce(id).into(), position: None, pinned: true });
        } else if let Some(entry) = state.queries.get_mut(&id) {
            entry.holders += 1;
        }
        Some(Query { id, definition, ticket, shared })
    }

    /// Whether this use of a query has not ended.
    pub fn holds(&self, query: QueryId, ticket: Ticket) -> bool {
        self.hub.lock().sessions.get(&self.id).is_some_and(|own| own.held.get(&query) == Some(&ticket))
    }

    /// The use of a query by this session, if it is used.
    pub fn held(&self, query: QueryId) -> Option<(Arc<Definition>, Ticket)> {
        let state = self.hub.lock();
        let ticket = *state.sessions.get(&self.id)?.held.get(&query)?;
        Some((state.queries.get(&query)?.definition.clone(), ticket))
    }

    /// Queues a frame that leads up to a query's being live, as soon as there is room for it. False if this use of the
    /// query has ended.
    pub async fn chunk(&self, query: QueryId, ticket: Ticket, frame: Frame) -> bool {
        let room = self.room.clone().acquire_owned().await.expect("it is never closed");
        let mut state = self.hub.lock();
        let Some(own) = state.sessions.get_mut(&self.id) else { return false };
        let wanted = own.held.get(&query) == Some(&ticket);
        if wanted {
            own.outbox.chunk(Chunk { query, ticket, frame, _room: room });
        }
        wanted
    }

    /// Ends the use of a query. The last one to do so frees it.
    pub fn release(&self, query: QueryId) {
        self.hub.lock().release(self.id, query);
    }

    /// Ends this session's use of a query because it cannot be served, and tells its subscribers.
    pub fn fail(&self, query: QueryId, code: ErrorCode, message: String) {
        let mut state = self.hub.lock();
        state.release(self.id, query);
        if let Some(own) = state.sessions.get_mut(&self.id) {
            own.outbox.end(query, code, message);
        }
    }

    /// Makes queries live together: one delivery brings them all to the hub's position.
    ///
    /// `recovering` says that everything that lagged is among them: until then nothing else may become live, because
    /// its position would speak for what lagged too.
    ///
    /// # Errors
    /// See [`NotYet`]; nothing was changed.
    pub fn go_live(&self, ready: &[Ready], recovering: bool) -> Result<(), NotYet> {
        self.hub.lock().go_live(self.id, ready, recovering)
    }

    /// Ends the session: what is queued is not sent.
    pub fn close(&self, code: CloseCode) {
        self.hub.lock().close(self.id, code);
    }

    /// Queues a frame that is about no rows. Kept whatever happens, so the caller must bound how many it sends.
    pub fn post(&self, frame: &ServerFrame<'_>) {
        let delivery = Delivery { frames: [Frame::from(frame.encode())].into(), position: None, pinned: true };
        if let Some(own) = self.hub.lock().sessions.get_mut(&self.id) {
            own.outbox.push(delivery);
        }
    }

    /// Queues a heartbeat, with the hub's position if this session is up to it.
    pub fn heartbeat(&self) {
        let mut state = self.hub.lock();
        let token = state.token();
        let text = token.to_string();
        let Some(own) = state.sessions.get_mut(&self.id) else { return };
        let current = !own.lagging;
        let frame = ServerFrame::Heartbeat { position: current.then_some(Cow::Borrowed(text.as_str())) };
        let delivery = Delivery {
            frames: [Frame::from(frame.encode())].into(),
            position: current.then_some(token),
            pinned: false,
        };
        if own.outbox.has_room(&delivery) {
            own.outbox.push(delivery);
        }
    }

    /// Takes the next thing to send, if there is one, with what counts it until it has been sent.
    pub fn take(&self) -> Option<(Sent, OnItsWay)> {
        let mut state = self.hub.lock();
        let State { rooms, sessions, .. } = &mut *state;
        let own = sessions.get_mut(&self.id)?;
        own.outbox.make_up(|room| rooms.missed(self.id, room));
        loop {
            match own.outbox.take()? {
                (Sent::Chunk(chunk), _) if own.held.get(&chunk.query) != Some(&chunk.ticket) => {}
                taken => return Some(taken),
            }
        }
    }

    /// Resolves when the hub has ended the session: all that is left to take is why.
    pub async fn ended(&self) {
        // It fails if the hub has forgotten the session, which it does when this is dropped.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Resolves when there may be something to take.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        let held: Vec<QueryId> =
            state.sessions.get(&self.id).map(|own| own.held.keys().copied().collect()).unwrap_or_default();
        held.into_iter().for_each(|query| state.release(self.id, query));
        // Whoever says goodbye has done so before.
        state.rooms.closed(self.id, true);
        state.sessions.remove(&self.id);
        state.apply_rooms();
        drop(state);
        self.hub.stirred.notify_one();
    }
}
