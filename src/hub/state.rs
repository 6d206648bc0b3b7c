//! The hub itself: the position, the distinct queries, the sessions below them.

mod deliver;
mod fold;
mod live;
mod report;
mod rooms;
mod session;
mod views;

use super::{
    Batch, Bounds, Catalog, Credential, Definition, Delivery, Frame, Outbox, Principal, Table, TableId, flow::Flow,
    index::Index, meter::Meter, net::MissingKey, ring::Ring, rooms::Rooms,
};
use crate::protocol::{CloseCode, Epoch, ErrorCode, Position, ResyncReason, ServerFrame, Token};
pub use fold::{Folded, Missing, NotFolded};
pub use live::{Greeting, NotYet, Ready};
pub use report::{HubReport, SessionReport};
pub use session::{Query, Session, Ticket};
use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::{Notify, watch};
pub use views::Filled;
use views::Kept;

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
    /// Some window or totals must be filled.
    fill_wanted: Arc<Notify>,
    /// Something about rooms is to be told, to sessions soon or to other nodes now.
    stirred: Notify,
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
    /// By what they ask.
    by_text: HashMap<Arc<str>, QueryId>,
    indexes: HashMap<TableId, Index>,
    /// What leads from a position to the present one, for those who come from the same position to the same query.
    caught_up: HashMap<(QueryId, String), Arc<[Frame]>>,
    /// Windows and totals that must be filled.
    to_fill: BTreeSet<QueryId>,
    fill_wanted: Arc<Notify>,
    sessions: HashMap<u64, SessionState>,
    /// What waits for all of them together.
    meter: Arc<Meter>,
    flow: Arc<Flow>,
    /// While changes are delivered: when the newest of them was made.
    changed: Option<Instant>,
    /// How many outboxes were emptied because it was too much, and how many because one more delivery did not fit.
    relieved: u64,
    overflowed: u64,
    rooms: Rooms,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    definition: Arc<Definition>,
    text: Arc<str>,
    holders: usize,
    live: BTreeSet<u64>,
    /// Of a window or totals.
    kept: Option<Kept>,
}

#[derive(Debug)]
struct SessionState {
    outbox: Outbox,
    /// Queries this session uses, live or not.
    held: HashMap<QueryId, Ticket>,
    /// Between lagging and being live again nothing may commit.
    lagging: bool,
    /// True when it is closed by the hub.
    ended: watch::Sender<bool>,
    principal: Arc<Principal>,
    /// The network address that it comes from, if that is known.
    origin: Option<IpAddr>,
    since: SystemTime,
    /// How often its outbox was emptied because it was too full.
    lags: u64,
}

impl Hub {
    /// A hub that stands at `position` of the history `epoch`.
    pub fn new(epoch: Epoch, position: Position, catalog: Catalog, bounds: Bounds) -> Self {
        let fill_wanted = Arc::new(Notify::new());
        Self {
            fill_wanted: fill_wanted.clone(),
            state: Mutex::new(State {
                bounds,
                epoch,
                ring: Ring::new(position.clone(), bounds),
                position,
                available: true,
                catalog,
                queries: HashMap::new(),
                by_text: HashMap::new(),
                indexes: HashMap::new(),
                caught_up: HashMap::new(),
                to_fill: BTreeSet::new(),
                fill_wanted,
                sessions: HashMap::new(),
                meter: Arc::default(),
                flow: Arc::default(),
                changed: None,
                relieved: 0,
                overflowed: 0,
                // New for each start: who was here before is somebody else to the other nodes.
                rooms: Rooms::new(&uuid::Uuid::new_v4().to_string()),
                next: 0,
            }),
            reached: watch::Sender::new(0),
            nudge: Notify::new(),
            stirred: Notify::new(),
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

    /// Whether the ring holds everything after `token`.
    pub fn covers(&self, token: &Token) -> bool {
        let state = self.lock();
        state.epoch == token.epoch && state.ring.covers(&token.position)
    }

    /// The table of that name, if it is tracked.
    pub fn find_table(&self, name: &str) -> Option<Arc<Table>> {
        self.lock().catalog.find(name).cloned()
    }

    /// All tables, in the order of their names.
    pub fn tables(&self) -> Vec<Arc<Table>> {
        let mut tables: Vec<_> = self.lock().catalog.iter().cloned().collect();
        tables.sort_unstable_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
        tables
    }

    /// The number of open sessions.
    pub fn session_count(&self) -> usize {
        self.lock().sessions.len()
    }

    /// The number of distinct queries.
    pub fn query_count(&self) -> usize {
        self.lock().queries.len()
    }

    /// Bounds what waits for all sessions together ([`Bounds::queued_bytes`]), and for each one that is opened from now on
    /// ([`Bounds::outbox_bytes`]).
    pub fn bound_queues(&self, all: usize, each: usize) {
        let mut state = self.lock();
        state.bounds.queued_bytes = all;
        state.bounds.outbox_bytes = each;
    }

    /// How many outboxes were emptied because all together held too much.
    pub fn relieved(&self) -> u64 {
        self.lock().relieved
    }

    /// How many outboxes were emptied because one more delivery did not fit.
    pub fn overflowed(&self) -> u64 {
        self.lock().overflowed
    }

    /// Whether nothing is kept for anybody, but the recent past.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.sessions.is_empty()
            && state.queries.is_empty()
            && state.by_text.is_empty()
            && state.indexes.is_empty()
            && state.caught_up.is_empty()
            && state.to_fill.is_empty()
    }

    /// Opens a session of somebody. It ends when the handle is dropped.
    pub fn open(self: &Arc<Self>, principal: Arc<Principal>) -> Session {
        self.open_from(principal, None)
    }

    /// The same, from a network address.
    pub fn open_from(self: &Arc<Self>, principal: Arc<Principal>, origin: Option<IpAddr>) -> Session {
        let mut state = self.lock();
        state.next += 1;
        let id = state.next;
        let outbox = Outbox::new(state.token(), state.bounds.outbox_bytes).counted_in(&state.flow);
        let (filled, ended) = (outbox.filled(), watch::Sender::new(false));
        let ends = ended.subscribe();
        state.sessions.insert(
            id,
            SessionState {
                outbox,
                held: HashMap::new(),
                lagging: false,
                ended,
                principal: principal.clone(),
                origin,
                since: SystemTime::now(),
                lags: 0,
            },
        );
        state.rooms.opened(id, principal.clone());
        Session::new(self.clone(), id, principal, filled, ends, state.bounds.chunks_ahead)
    }

    /// Takes everything that was committed since the hub's position.
    ///
    /// # Errors
    /// Rows of a table lack columns of its key. The table's queries have ended, with an error to their subscribers; all
    /// else has been taken.
    pub fn publish(&self, batch: Batch, catalog: Vec<CatalogChange>) -> Result<(), MissingKey> {
        self.publish_aged(batch, catalog, Duration::ZERO)
    }

    /// The same for a batch whose newest change was made that long ago. From then on it is measured how long its deliveries take.
    pub fn publish_aged(&self, batch: Batch, catalog: Vec<CatalogChange>, age: Duration) -> Result<(), MissingKey> {
        let mut state = self.lock();
        state.changed = Instant::now().checked_sub(age);
        let outcome = state.publish(Arc::new(batch), catalog);
        state.changed = None;
        let stirred = state.rooms.is_stirred();
        drop(state);
        if stirred {
            self.stirred.notify_one();
        }
        self.reached.send_modify(|version| *version += 1);
        outcome
    }

    /// There is more between the hub's position and `position` than can be taken: everybody is brought up again.
    pub fn skip_to(&self, epoch: Epoch, position: Position, catalog: Catalog) {
        let mut state = self.lock();
        state.epoch = epoch;
        state.ring = Ring::new(position.clone(), state.bounds);
        state.position = position;
        state.caught_up.clear();
        let old = std::mem::replace(&mut state.catalog, catalog);
        for table in old.iter() {
            match state.catalog.get(table.id) {
                Some(now) if now == table => {}
                Some(_) => state.alter(table.id),
                None => state.end_table(table.id, ErrorCode::TableUntracked),
            }
        }
        let sessions: Vec<u64> = state.sessions.keys().copied().collect();
        for session in sessions {
            // What happened to somebody's rights meanwhile nobody tells: they show again who they are.
            let is_known = state.sessions.get(&session).is_some_and(|own| own.principal.credential != Credential::None);
            if is_known {
                state.close(session, CloseCode::RightsChanged);
            } else {
                state.lag(session);
            }
        }
        let queries: Vec<QueryId> = state.queries.keys().copied().collect();
        queries.into_iter().for_each(|query| state.reset_view(query));
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
    /// Somebody is not who they were.
    Person(PersonChange),
}

/// Somebody's rights are others from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonChange {
    /// Whose.
    pub whose: Whose,
    /// Whether they are let in no more. Otherwise they come back with other rights.
    pub ends: bool,
}

/// Which sessions are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All of an account.
    Account(i64),
    /// Those of a login or a token.
    Credential(Credential),
}

impl State {
    fn token(&self) -> Token {
        Token { epoch: self.epoch, position: self.position.clone() }
    }

    fn is_ahead(&self, token: &Token) -> bool {
        token.epoch == self.epoch && !self.position.reaches(&token.position)
    }

    fn queries_of(&self, table: TableId) -> BTreeSet<QueryId> {
        self.indexes.get(&table).map(Index::all).unwrap_or_default()
    }

    /// The query that asks this, made if nobody asks it yet.
    fn entry(&mut self, definition: Definition) -> (QueryId, &mut Entry) {
        let text: Arc<str> = definition.text().into();
        let id = match self.by_text.get(&text) {
            Some(id) => *id,
            None => {
                self.next += 1;
                self.by_text.insert(text.clone(), self.next);
                self.indexes.entry(definition.table.id).or_default().insert(self.next, &definition);
                self.next
            }
        };
        let (position, bounds) = (&self.position, self.bounds.view);
        let entry = self.queries.entry(id).or_insert_with(|| Entry {
            kept: Kept::new(&definition, position, bounds),
            definition: Arc::new(definition),
            text,
            holders: 0,
            live: BTreeSet::new(),
        });
        if entry.kept.is_some() && entry.holders == 0 {
            self.want_fill(id);
        }
        (id, self.queries.get_mut(&id).expect("it was found or made above"))
    }

    /// Forgets a query.
    fn remove(&mut self, query: QueryId) -> Option<Entry> {
        let entry = self.queries.remove(&query)?;
        self.by_text.remove(&entry.text);
        let table = entry.definition.table.id;
        if let Some(index) = self.indexes.get_mut(&table) {
            index.remove(query, &entry.definition);
            if index.is_empty() {
                self.indexes.remove(&table);
            }
        }
        self.caught_up.retain(|(of, _), _| *of != query);
        self.to_fill.remove(&query);
        Some(entry)
    }

    /// Ends a query for everybody.
    fn end(&mut self, query: QueryId, code: ErrorCode) {
        let Some(entry) = self.queries.get(&query) else { return };
        let table = entry.definition.table.full_name();
        let message = match code {
            ErrorCode::TableUntracked => format!("{table} is no longer tracked"),
            _ => format!("{table} was altered in a way that needs it to be tracked anew"),
        };
        self.end_with(query, code, &message);
    }

    fn end_with(&mut self, query: QueryId, code: ErrorCode, message: &str) {
        self.remove(query);
        for session in self.sessions.values_mut().filter(|session| session.held.contains_key(&query)) {
            session.held.remove(&query);
            session.outbox.end(query, code, message.to_owned());
        }
    }

    fn end_table(&mut self, table: TableId, code: ErrorCode) {
        self.queries_of(table).into_iter().for_each(|query| self.end(query, code));
    }

    /// The table has another shape: whoever asks about it must ask again.
    fn alter(&mut self, table: TableId) {
        for query in self.queries_of(table) {
            self.remove(query);
            let resync = resync(query, ResyncReason::TableAltered);
            for session in self.sessions.values_mut().filter(|session| session.held.contains_key(&query)) {
                session.held.remove(&query);
                session.outbox.altered(query, resync.clone());
            }
        }
    }

    /// Ends the sessions of somebody: nothing that is queued for them goes out, and nothing more is queued.
    fn dismiss(&mut self, change: PersonChange) {
        let code = if change.ends { CloseCode::SignedOut } else { CloseCode::RightsChanged };
        let concerned = |principal: &Principal| match change.whose {
            Whose::Account(account) => principal.account == Some(account),
            Whose::Credential(credential) => principal.credential == credential,
        };
        let sessions: Vec<u64> =
            self.sessions.iter().filter(|(_, own)| concerned(&own.principal)).map(|(id, _)| *id).collect();
        for session in sessions {
            self.close(session, code);
        }
    }

    pub(super) fn close(&mut self, session: u64, code: CloseCode) {
        let Some(own) = self.sessions.get_mut(&session) else { return };
        own.outbox.close(code);
        own.ended.send_replace(true);
        let held: Vec<QueryId> = own.held.keys().copied().collect();
        // Nor is anything done in rooms by what it has sent already. Unless it was signed out, the same page may come back.
        self.rooms.closed(session, code != CloseCode::SignedOut);
        held.into_iter().for_each(|query| self.release(session, query));
    }

    fn release(&mut self, session: u64, query: QueryId) {
        let held = self.sessions.get_mut(&session).and_then(|own| own.held.remove(&query));
        let Some(entry) = held.and_then(|_| self.queries.get_mut(&query)) else { return };
        entry.live.remove(&session);
        entry.holders -= 1;
        if entry.holders == 0 {
            self.remove(query);
        }
    }
}

fn resync(query: QueryId, reason: ResyncReason) -> Frame {
    Frame::from(ServerFrame::Resync { query, reason }.encode())
}
