//! What there is to tell of the hub and its sessions, for people who look after it.
//!
//! Made when somebody asks, from what the hub has anyway; of many sessions, those that are the furthest behind.

use super::Hub;
use crate::{
    hub::{Backlog, Flowed, Principal},
    protocol::Token,
};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// The hub at a moment.
#[derive(Clone, Debug)]
pub struct HubReport {
    /// What this server is called among the others.
    pub node: String,
    /// Whether other servers can be heard; unknown where there are none.
    pub nodes: Option<bool>,
    /// Where it stands.
    pub token: Token,
    /// Whether the source can be read.
    pub available: bool,
    /// Distinct queries.
    pub queries: usize,
    /// People with an id who have sessions here.
    pub people: usize,
    /// All sessions.
    pub sessions: usize,
    /// Those of them that are [slow](SessionReport::is_slow).
    pub slow: usize,
    /// What waits for all of them together, in bytes; what is the same for many counts once.
    pub queued_bytes: usize,
    /// Outboxes that were emptied because one more delivery did not fit, and because all together were too much.
    pub emptied: (u64, u64),
    /// The sessions that are the furthest behind, and those that have the most to be sent; then the oldest.
    pub furthest: Vec<SessionReport>,
}

/// One session at a moment.
#[derive(Clone, Debug)]
pub struct SessionReport {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub principal: Arc<Principal>,
    /// Where it comes from, if that is known.
    pub origin: Option<IpAddr>,
    /// Since when it has been there.
    pub since: SystemTime,
    /// What waits to be sent.
    pub backlog: Backlog,
    /// Whether it fell behind and is being brought up again.
    pub lagging: bool,
    /// How often it fell behind.
    pub lags: u64,
    /// How many distinct queries it uses, by their tables.
    pub subscriptions: BTreeMap<String, usize>,
    /// Rooms it is in.
    pub rooms: usize,
}

impl SessionReport {
    /// Something has waited for so long that its reader is slow.
    pub const SLOW: Duration = Duration::from_secs(1);

    /// Whether it takes what it is sent more slowly than it should.
    pub fn is_slow(&self) -> bool {
        is_slow(self.lagging, self.backlog.waited)
    }
}

fn is_slow(lagging: bool, waited: Duration) -> bool {
    lagging || waited >= SessionReport::SLOW
}

impl Hub {
    /// What has gone through.
    pub fn flowed(&self) -> Flowed {
        self.lock().flow.read()
    }

    /// What there is to tell, of at most so many sessions.
    pub fn report(&self, most: usize) -> HubReport {
        let now = Instant::now();
        let state = self.lock();
        let mut slow = 0;
        let mut order: Vec<_> = state
            .sessions
            .iter()
            .map(|(id, own)| {
                let (waited, bytes) = own.outbox.load(now);
                slow += usize::from(is_slow(own.lagging, waited));
                Reverse((own.lagging, waited.max(SessionReport::SLOW), bytes, own.lags, Reverse(*id)))
            })
            .collect();
        if order.len() > most {
            order.select_nth_unstable(most);
            order.truncate(most);
        }
        order.sort_unstable();
        let furthest = order.into_iter().filter_map(|Reverse((.., Reverse(id)))| {
            let own = state.sessions.get(&id)?;
            let mut subscriptions = BTreeMap::new();
            for query in own.held.keys().filter_map(|query| state.queries.get(query)) {
                *subscriptions.entry(query.definition.table.full_name()).or_insert(0) += 1;
            }
            Some(SessionReport {
                id,
                principal: own.principal.clone(),
                origin: own.origin,
                since: own.since,
                backlog: own.outbox.backlog(now),
                lagging: own.lagging,
                lags: own.lags,
                subscriptions,
                rooms: state.rooms.rooms_of(id),
            })
        });
        HubReport {
            furthest: furthest.collect(),
            node: state.rooms.node().to_owned(),
            nodes: state.rooms.connected(),
            token: state.token(),
            available: state.available,
            queries: state.queries.len(),
            people: state.rooms.people(),
            sessions: state.sessions.len(),
            slow,
            queued_bytes: state.meter.bytes(),
            emptied: (state.overflowed, state.relieved),
        }
    }
}
