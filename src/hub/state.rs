//! The hub itself: the position, the distinct queries, the sessions below them.

use super::{
    Batch, Bounds, Catalog, Chunk, Delivery, Frame, Net, Outbox, RowChange, Sent, Table, TableId, net, net::MissingKey,
    ring::Ring,
};
use crate::protocol::{Epoch, ErrorCode, Position, ServerFrame, Token};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, Semaphore, watch};

/// The hub's number of a distinct query, the same for all its subscribers.
pub type QueryId = u64;

/// Names one use of a query by one session, from `hold` to `release`. A later use has another.
pub type Ticket = u64;

/// A distinct query, as a session sees it.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its number.
    pub id: QueryId,
    /// The table whose rows it wants.
    pub table: Arc<Table>,
    /// This use of it.
    pub ticket: Ticket,
    /// Whether this session used it already.
    pub shared: bool,
}

/// A query that can become live, up to what the ring still has to add.
#[derive(Debug)]
pub struct Ready {
    /// Which query.
    pub query: QueryId,
    /// Which use of it. A use that has ended is passed over.
    pub ticket: Ticket,
    /// Frames that come before the changes.
    pub lead: Vec<Frame>,
    /// Changes before `base` that the client has not seen.
    pub replay: Vec<RowChange>,
    /// Where `lead` and `replay` together bring the client.
    pub base: Token,
}

/// Why queries cannot become live yet.
#[derive(Debug, PartialEq, Eq)]
pub enum NotYet {
    /// The hub has yet to reach the base of a query.
    Ahead(Token),
    /// The ring does not hold what came after the base of this query: read it from the source.
    Behind(QueryId),
    /// The session has lagged meanwhile: what lagged must become live together with these.
    Lagged,
}

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
        let room = Arc::new(Semaphore::new(state.bounds.chunks_ahead));
        Session { hub: self.clone(), id, filled, room }
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

/// One connected client, as the hub sees it.
#[derive(Debug)]
pub struct Session {
    hub: Arc<Hub>,
    id: u64,
    filled: Arc<Notify>,
    room: Arc<Semaphore>,
}

impl Session {
    /// The hub's number for this session.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Uses the query that asks for all rows of `table`. It is not live before [`go_live`](Self::go_live).
    ///
    /// Who asks again for a query starts over, for all of its subscribers on this session; `announce` makes the frames
    /// that tell them so. They are queued in the same step, because from here on a position speaks for this query no more.
    /// `None` if the table is tracked no longer: nobody would tell its subscribers later.
    pub fn hold(&self, table: &Arc<Table>, announce: impl FnOnce(QueryId) -> Vec<Frame>) -> Option<Query> {
        let mut state = self.hub.lock();
        state.catalog.get(table.id).filter(|tracked| *tracked == table)?;
        state.next += 1;
        let ticket = state.next;
        let id = *state.by_table.entry(table.id).or_insert(ticket);
        let shared = state.sessions.get_mut(&self.id).is_some_and(|own| own.held.insert(id, ticket).is_some());
        let entry = state.queries.entry(id).or_insert_with(|| Entry {
            table: table.clone(),
            holders: 0,
            live: BTreeSet::new(),
        });
        let table = entry.table.clone();
        if shared {
            entry.live.remove(&self.id);
        } else {
            entry.holders += 1;
        }
        if shared && let Some(own) = state.sessions.get_mut(&self.id) {
            own.outbox.push(Delivery { frames: announce(id).into(), position: None, pinned: true });
        }
        Some(Query { id, table, ticket, shared })
    }

    /// Whether this use of a query has not ended.
    pub fn holds(&self, query: QueryId, ticket: Ticket) -> bool {
        self.hub.lock().sessions.get(&self.id).is_some_and(|own| own.held.get(&query) == Some(&ticket))
    }

    /// The use of a query by this session, if it is used.
    pub fn held(&self, query: QueryId) -> Option<(Arc<Table>, Ticket)> {
        let state = self.hub.lock();
        let ticket = *state.sessions.get(&self.id)?.held.get(&query)?;
        Some((state.queries.get(&query)?.table.clone(), ticket))
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

    /// Whether the ring holds everything after `token`.
    pub fn covers(&self, token: &Token) -> bool {
        let state = self.hub.lock();
        state.epoch == token.epoch && state.ring.covers(&token.position)
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

    /// Takes the next thing to send, if there is one.
    pub fn take(&self) -> Option<Sent> {
        let mut state = self.hub.lock();
        let own = state.sessions.get_mut(&self.id)?;
        loop {
            match own.outbox.take()? {
                Sent::Chunk(chunk) if own.held.get(&chunk.query) != Some(&chunk.ticket) => {}
                sent => return Some(sent),
            }
        }
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
        state.sessions.remove(&self.id);
    }
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
