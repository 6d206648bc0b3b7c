//! The hub itself: the position, the distinct queries, the sessions below them.

mod session;

use super::{Batch, Bounds, Catalog, Delivery, Frame, Net, Outbox, Table, TableId, net, net::MissingKey, ring::Ring};
use crate::protocol::{Epoch, ErrorCode, Position, ServerFrame, Token};
pub use session::{NotYet, Query, Ready, Session, Ticket};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

/// The hub's number of a distinct query, the same for all its subscribers.
pub type QueryId = u64;

/// Takes batches, matches, encodes, hands over.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    /// Moves with the position.
    reached: watch::Sender<u64>,
    /// Asks the source to look at once.
    nudge: Notify,
}

#[derive(Debug)]
struct State {
    bounds: Bounds,
    epoch: Epoch,
    position: Position,
    available: bool,
    catalog: Catalog,
    ring: Ring,
    queries: HashMap<QueryId, Entry>,
    by_table: HashMap<TableId, QueryId>,
    sessions: HashMap<u64, SessionState>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    table: Arc<Table>,
    holders: usize,
    live: BTreeSet<u64>,
}

#[derive(Debug)]
struct SessionState {
    outbox: Outbox,
    /// Queries this session uses, live or not.
    held: HashMap<QueryId, Ticket>,
    /// Between lagging and being live again nothing may commit.
    lagging: bool,
}

impl Hub {
    /// A hub that stands at `position` of the history `epoch`.
    pub fn new(epoch: Epoch, position: Position, catalog: Catalog, bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                bounds,
                epoch,
                ring: Ring::new(position.clone(), bounds),
                position,
                available: true,
                catalog,
                queries: HashMap::new(),
                by_table: HashMap::new(),
                sessions: HashMap::new(),
                next: 0,
            }),
            reached: watch::Sender::new(0),
            nudge: Notify::new(),
        }
    }

    /// Where the hub stands.
    pub fn token(&self) -> Token {
        let state = self.lock();
        state.token()
    }

    /// Whether the source can be read.
    pub fn is_available(&self) -> bool {
        self.lock().available
    }

    /// The table of that name, if it is tracked.
    pub fn find_table(&self, name: &str) -> Option<Arc<Table>> {
        self.lock().catalog.find(name).cloned()
    }

    /// The number of open sessions.
    pub fn session_count(&self) -> usize {
        self.lock().sessions.len()
    }

    /// The number of distinct queries.
    pub fn query_count(&self) -> usize {
        self.lock().queries.len()
    }

    /// Opens a session. It ends when the handle is dropped.
    pub fn open(self: &Arc<Self>) -> Session {
        let mut state = self.lock();
        state.next += 1;
        let id = state.next;
        let outbox = Outbox::new(state.token(), state.bounds.outbox_bytes);
        let filled = outbox.filled();
        state.sessions.insert(id, SessionState { outbox, held: HashMap::new(), lagging: false });
        Session::new(self.clone(), id, filled, state.bounds.chunks_ahead)
    }

    /// Takes everything that was committed since the hub's position.
    ///
    /// # Errors
    /// Rows of a table lack columns of its key. The table's queries have ended, with an error to their subscribers; all
    /// else has been taken.
    pub fn publish(&self, batch: Batch, catalog: Vec<CatalogChange>) -> Result<(), MissingKey> {
        let mut state = self.lock();
        let outcome = state.publish(Arc::new(batch), catalog);
        drop(state);
        self.reached.send_modify(|version| *version += 1);
        outcome
    }

    /// There is more between the hub's position and `position` than can be taken: everybody is brought up again.
    pub fn skip_to(&self, epoch: Epoch, position: Position, catalog: Catalog) {
        let mut state = self.lock();
        state.epoch = epoch;
        state.ring = Ring::new(position.clone(), state.bounds);
        state.position = position;
        let gone: Vec<QueryId> = state
            .queries
            .iter()
            .filter(|(_, entry)| catalog.get(entry.table.id) != Some(&entry.table))
            .map(|(id, _)| *id)
            .collect();
        state.catalog = catalog;
        gone.into_iter().for_each(|query| state.end(query, ErrorCode::TableUntracked));
        let sessions: Vec<u64> = state.sessions.keys().copied().collect();
        sessions.into_iter().for_each(|session| state.lag(session));
        drop(state);
        self.reached.send_modify(|version| *version += 1);
    }

    /// Tells all sessions whether the source can be read.
    pub fn set_available(&self, available: bool) {
        let mut state = self.lock();
        if state.available == available {
            return;
        }
        state.available = available;
        let frames: Arc<[Frame]> = [Frame::from(ServerFrame::Source { available }.encode())].into();
        for session in state.sessions.values_mut() {
            session.outbox.push(Delivery { frames: frames.clone(), position: None, pinned: true });
        }
    }

    /// Waits until the hub has reached `token`, and has the source look at once. A token of another epoch is never
    /// reached; it is not waited for.
    pub async fn reach(&self, token: &Token) {
        let mut reached = self.reached.subscribe();
        while self.lock().is_ahead(token) {
            self.nudge.notify_one();
            // The sender lives as long as the hub.
            let _ = reached.changed().await;
        }
    }

    /// Resolves when somebody waits for a position that the hub has not reached.
    pub async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// No code of ours panics while it holds the lock with the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of the catalog within a batch.
#[derive(Clone, Debug)]
pub enum CatalogChange {
    /// A table is tracked from now on.
    Tracked(Table),
    /// A table is no longer tracked.
    Untracked(TableId),
}

impl State {
    fn token(&self) -> Token {
        Token { epoch: self.epoch, position: self.position.clone() }
    }

    fn is_ahead(&self, token: &Token) -> bool {
        token.epoch == self.epoch && !self.position.reaches(&token.position)
    }

    fn publish(&mut self, batch: Arc<Batch>, catalog: Vec<CatalogChange>) -> Result<(), MissingKey> {
        self.position = batch.position.clone();
        self.ring.push(batch.clone());
        let outcome = self.deliver(&batch);
        for change in catalog {
            match change {
                CatalogChange::Tracked(table) => self.catalog.insert(table),
                CatalogChange::Untracked(table) => {
                    self.catalog.remove(table);
                    if let Some(query) = self.by_table.get(&table) {
                        self.end(*query, ErrorCode::TableUntracked);
                    }
                }
            }
        }
        outcome
    }

    /// One net change per row, one encoding per query, one delivery per session.
    fn deliver(&mut self, batch: &Batch) -> Result<(), MissingKey> {
        let tables: BTreeSet<TableId> = batch.changes.iter().map(|change| change.table).collect();
        let mut outcome = Ok(());
        let mut nets: Vec<(QueryId, Net)> = Vec::new();
        for query in tables.iter().filter_map(|table| self.by_table.get(table)).copied().collect::<Vec<_>>() {
            let Some(entry) = self.queries.get(&query).filter(|entry| !entry.live.is_empty()) else { continue };
            match net(&entry.table, &batch.changes) {
                Ok(net) if net.is_empty() => {}
                Ok(net) => nets.push((query, net)),
                Err(error) => {
                    self.end(query, ErrorCode::UnreadableTable);
                    outcome = Err(error);
                }
            }
        }
        let token = self.token();
        let text = token.to_string();
        let mut sessions: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, (query, _)) in nets.iter().enumerate() {
            for session in self.queries.get(query).into_iter().flat_map(|entry| &entry.live) {
                sessions.entry(*session).or_default().push(index);
            }
        }
        // The same set of queries gives the same frames: encoded once, shared by all sessions that have that set.
        let mut encoded: HashMap<Vec<usize>, Arc<[Frame]>> = HashMap::new();
        for (session, set) in sessions {
            let frames = encoded.entry(set).or_insert_with_key(|set| encode(set, &nets, &text)).clone();
            self.push(session, Delivery { frames, position: Some(token.clone()), pinned: false });
        }
        outcome
    }

    fn push(&mut self, session: u64, delivery: Delivery) {
        let Some(own) = self.sessions.get_mut(&session) else { return };
        if own.outbox.has_room(&delivery) {
            own.outbox.push(delivery);
        } else {
            self.lag(session);
        }
    }

    /// Takes a session's queries out of live; its sender finds that out when it has sent what is left.
    fn lag(&mut self, session: u64) {
        let Some(own) = self.sessions.get_mut(&session) else { return };
        let mut lagged = Vec::new();
        for query in own.held.keys() {
            if self.queries.get_mut(query).is_some_and(|entry| entry.live.remove(&session)) {
                lagged.push(*query);
            }
        }
        if !lagged.is_empty() {
            own.lagging = true;
            own.outbox.lag(lagged);
        }
    }

    /// Ends a query for everybody.
    fn end(&mut self, query: QueryId, code: ErrorCode) {
        let Some(entry) = self.queries.remove(&query) else { return };
        self.by_table.remove(&entry.table.id);
        let message = match code {
            ErrorCode::TableUntracked => format!("{} is no longer tracked", entry.table.full_name()),
            _ => format!("{} was altered in a way that needs it to be tracked anew", entry.table.full_name()),
        };
        for session in self.sessions.values_mut().filter(|session| session.held.contains_key(&query)) {
            session.held.remove(&query);
            session.outbox.end(query, code, message.clone());
        }
    }

    fn release(&mut self, session: u64, query: QueryId) {
        let held = self.sessions.get_mut(&session).and_then(|own| own.held.remove(&query));
        let Some(entry) = held.and_then(|_| self.queries.get_mut(&query)) else { return };
        entry.live.remove(&session);
        entry.holders -= 1;
        if entry.holders == 0 {
            self.by_table.remove(&entry.table.id);
            self.queries.remove(&query);
        }
    }

    fn go_live(&mut self, session: u64, ready: &[Ready], recovering: bool) -> Result<(), NotYet> {
        let Some(own) = self.sessions.get(&session) else { return Ok(()) };
        if own.lagging && !recovering {
            return Err(NotYet::Lagged);
        }
        let ready: Vec<&Ready> = ready.iter().filter(|one| own.held.get(&one.query) == Some(&one.ticket)).collect();
        for one in &ready {
            if self.is_ahead(&one.base) {
                return Err(NotYet::Ahead(one.base.clone()));
            }
            if one.base.epoch != self.epoch || !self.ring.covers(&one.base.position) {
                return Err(NotYet::Behind(one.query));
            }
        }
        let mut frames = Vec::new();
        for one in ready {
            match self.catch_up(one) {
                Ok(changes) => {
                    frames.extend(one.lead.iter().cloned());
                    frames.extend(changes);
                    if let Some(entry) = self.queries.get_mut(&one.query) {
                        entry.live.insert(session);
                    }
                }
                // Logged with the batch that has the row.
                Err(MissingKey { .. }) => self.end(one.query, ErrorCode::UnreadableTable),
            }
        }
        let token = self.token();
        let Some(own) = self.sessions.get_mut(&session) else { return Ok(()) };
        own.lagging = false;
        if !frames.is_empty() || recovering {
            frames.push(Frame::from(ServerFrame::Commit { position: Cow::Owned(token.to_string()) }.encode()));
            own.outbox.push(Delivery { frames: frames.into(), position: Some(token), pinned: true });
        }
        Ok(())
    }

    /// The frame that brings a query from its base to the hub's position, if anything is missing.
    fn catch_up(&self, one: &Ready) -> Result<Option<Frame>, MissingKey> {
        let Some(entry) = self.queries.get(&one.query) else { return Ok(None) };
        let missed = net(&entry.table, one.replay.iter().chain(self.ring.after(&one.base.position)))?;
        let changes = missed.changes();
        Ok((!changes.is_empty())
            .then(|| Frame::from(ServerFrame::Changes { query: one.query, changes, position: None }.encode())))
    }
}

/// The frames of one batch for the sessions that have this set of queries: the last one commits.
fn encode(set: &[usize], nets: &[(QueryId, Net)], token: &str) -> Arc<[Frame]> {
    set.iter()
        .enumerate()
        .map(|(index, net)| {
            let (query, net) = &nets[*net];
            let position = (index + 1 == set.len()).then_some(Cow::Borrowed(token));
            Frame::from(ServerFrame::Changes { query: *query, changes: net.changes(), position }.encode())
        })
        .collect()
}
