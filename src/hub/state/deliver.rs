//! What becomes of a batch: one net change per row, one match and one encoding per query, one delivery per session.

use super::{CatalogChange, Entry, QueryId, State, resync};
use crate::{
    hub::{
        Batch, Delivery, Frame, Net, Shown, TableId, Touched, frames::ChangeFrames, meter::Meter, net, net::MissingKey,
    },
    protocol::{ErrorCode, Position, ResyncReason},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// What a batch is to the subscribers of each query that it concerns.
type Told = BTreeMap<QueryId, Vec<Shown>>;

impl State {
    pub(super) fn publish(&mut self, batch: Arc<Batch>, catalog: Vec<CatalogChange>) -> Result<(), MissingKey> {
        let before = std::mem::replace(&mut self.position, batch.position.clone());
        self.caught_up.clear();
        self.flow.came(batch.changes.len());
        self.ring.push(batch.clone());
        // First, because what follows in the same batch has the new shape.
        for change in catalog {
            match change {
                CatalogChange::Tracked(table) => {
                    if self.catalog.get(table.id).is_some_and(|old| **old != table) {
                        self.alter(table.id);
                    }
                    self.catalog.insert(table);
                }
                CatalogChange::Person(change) => self.dismiss(change),
                CatalogChange::Untracked(table) => {
                    self.catalog.remove(table);
                    self.end_table(table, ErrorCode::TableUntracked);
                }
            }
        }
        self.deliver(&batch, &before)
    }

    fn deliver(&mut self, batch: &Batch, before: &Position) -> Result<(), MissingKey> {
        let tables: BTreeSet<TableId> = batch.changes.iter().map(|change| change.table).collect();
        let mut outcome = Ok(());
        let mut told = Told::new();
        for id in tables {
            let Some(table) = self.catalog.get(id).filter(|_| self.indexes.contains_key(&id)) else { continue };
            match net(table, &batch.changes) {
                Ok(net) if net.must_reload() => {
                    self.queries_of(id).into_iter().for_each(|query| self.reload(query, before));
                }
                Ok(net) => {
                    let matched = self.matched(id, &net);
                    self.tell_rows(&matched, &net, &mut told);
                    self.tell_views(&matched, &net, before, &mut told);
                }
                Err(error) => {
                    self.end_table(id, ErrorCode::UnreadableTable);
                    outcome = Err(error);
                }
            }
        }
        self.hand_over(&told);
        outcome
    }

    /// The rows that may concern each query about a table.
    fn matched<'n>(&self, id: TableId, net: &'n Net) -> BTreeMap<QueryId, Vec<Touched<'n>>> {
        let (Some(index), Some(table)) = (self.indexes.get(&id), self.catalog.get(id)) else { return BTreeMap::new() };
        let all = if net.truncated() { index.all() } else { BTreeSet::new() };
        let mut matched: BTreeMap<QueryId, Vec<Touched<'n>>> =
            all.into_iter().map(|query| (query, Vec::new())).collect();
        let mut candidates = BTreeSet::new();
        for touched in net.rows() {
            candidates.clear();
            for row in [touched.before, touched.after].into_iter().flatten() {
                index.candidates(table, row, &mut candidates);
            }
            candidates.iter().for_each(|query| matched.entry(*query).or_default().push(touched));
        }
        matched
    }

    /// What the queries that ask for rows are told.
    fn tell_rows(&self, matched: &BTreeMap<QueryId, Vec<Touched<'_>>>, net: &Net, told: &mut Told) {
        for (query, rows) in matched {
            let entry = self.queries.get(query).filter(|entry| entry.kept.is_none() && !entry.live.is_empty());
            let Some(Entry { definition, .. }) = entry else { continue };
            let rows = rows.iter().filter_map(|touched| definition.shown(*touched, net.truncated()));
            let shown: Vec<Shown> = net.truncated().then_some(Shown::Truncate).into_iter().chain(rows).collect();
            if !shown.is_empty() {
                told.insert(*query, shown);
            }
        }
    }

    /// Each session gets the frames of its queries, in one delivery that commits.
    pub(super) fn hand_over(&mut self, told: &Told) {
        let mut sessions: BTreeMap<u64, Vec<QueryId>> = BTreeMap::new();
        for query in told.keys() {
            for session in self.queries.get(query).into_iter().flat_map(|entry| &entry.live) {
                sessions.entry(*session).or_default().push(*query);
            }
        }
        let token = self.token();
        let text = token.to_string();
        // The same set of queries gives the same frames: encoded once, shared by all sessions that have that set.
        let mut encoded: HashMap<Vec<QueryId>, Arc<[Frame]>> = HashMap::new();
        // All frames but the last of a set are the same in every set.
        let mut parts: HashMap<QueryId, ChangeFrames<'_>> = HashMap::new();
        for (session, set) in sessions {
            let frames = match encoded.get(&set) {
                Some(frames) => frames.clone(),
                None => {
                    let frames = encode(&set, told, &text, &mut parts, &self.meter);
                    encoded.insert(set, frames.clone());
                    frames
                }
            };
            self.push(session, Delivery { frames, position: Some(token.clone()), pinned: false });
        }
        drop((encoded, parts));
        self.relieve();
    }

    /// While all outboxes together hold too much, the fullest are emptied: their sessions catch up when they can. It goes on
    /// somewhat below the bound, so that it is not done for every batch.
    pub(super) fn relieve(&mut self) {
        if self.meter.bytes() <= self.bounds.queued_bytes {
            return;
        }
        let enough = self.bounds.queued_bytes / 4 * 3;
        let sizes = self.sessions.iter().map(|(session, own)| (own.outbox.droppable(), *session));
        let mut fullest: Vec<(usize, u64)> = sizes.filter(|(bytes, _)| *bytes > 0).collect();
        fullest.sort_unstable_by(|a, b| b.cmp(a));
        for (_, session) in fullest {
            if self.meter.bytes() <= enough {
                break;
            }
            self.relieved += 1;
            if let Some(own) = self.sessions.get_mut(&session) {
                own.outbox.silence();
            }
            self.lag(session);
        }
    }

    fn push(&mut self, session: u64, delivery: Delivery) {
        let Some(own) = self.sessions.get_mut(&session) else { return };
        if own.outbox.has_room(&delivery) {
            match self.changed {
                Some(changed) => own.outbox.push_changes(delivery, changed),
                None => own.outbox.push(delivery),
            }
        } else {
            self.overflowed += 1;
            self.lag(session);
        }
    }

    /// Takes a session's queries out of live; its sender finds that out when it has sent what is left.
    pub(super) fn lag(&mut self, session: u64) {
        let Some(own) = self.sessions.get_mut(&session) else { return };
        let mut lagged = Vec::new();
        for query in own.held.keys() {
            if self.queries.get_mut(query).is_some_and(|entry| entry.live.remove(&session)) {
                lagged.push(*query);
            }
        }
        if !lagged.is_empty() {
            own.lags += 1;
            own.lagging = true;
            own.outbox.lag(lagged);
        }
    }

    /// Has a query's rows read anew. Whoever is on the way to its being live finds the reason in the ring.
    fn reload(&mut self, query: QueryId, before: &Position) {
        match self.queries.get(&query) {
            Some(Entry { kept: Some(_), .. }) => self.lose(query, before),
            _ => self.start_over(query),
        }
    }

    /// Takes one query out of live for everybody who has it; they are told, and bring it up anew.
    pub(super) fn start_over(&mut self, query: QueryId) {
        let Some(Entry { live, .. }) = self.queries.get_mut(&query) else { return };
        let frame = resync(query, ResyncReason::TooMuchToReplay);
        for session in std::mem::take(live) {
            let Some(own) = self.sessions.get_mut(&session) else { continue };
            if let Some(ticket) = own.held.get(&query) {
                own.outbox.anew(query, *ticket, frame.clone());
            }
        }
    }
}

/// The frames of one batch for the sessions that have this set of queries: the last one commits.
fn encode<'a>(
    set: &[QueryId],
    told: &'a Told,
    token: &str,
    parts: &mut HashMap<QueryId, ChangeFrames<'a>>,
    meter: &Arc<Meter>,
) -> Arc<[Frame]> {
    let mut frames = Vec::new();
    for (index, query) in set.iter().enumerate() {
        let own = parts.entry(*query).or_insert_with(|| ChangeFrames::new(*query, &told[query], meter));
        if index + 1 == set.len() {
            frames.extend(own.committing(token));
        } else {
            frames.extend(own.plain());
        }
    }
    frames.into()
}
