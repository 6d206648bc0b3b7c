//! What is known of all servers: what came with the page, and then what they tell, once a second.
//!
//! A server that is not heard for a while is gone. While this page is not connected, what it heard last stays, and the page says so.

use crate::{
    app::{clock::use_clock, fresh},
    operations::report::{
        ErrorLine, Everything, Gathered, ROOM, ServerReport, SessionLine, StorageReport, TableLine, Told, Topic,
    },
    store::{RoomMessage, RoomStatus, use_room},
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// After so long without a word a server is gone, in milliseconds.
const SILENCE_MS: i64 = 6_000;

/// A session, on which server.
pub(super) type Key = (String, u64);

/// Signals of all that is known. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) servers: RwSignal<BTreeMap<String, ServerReport>>,
    pub(super) sessions: RwSignal<BTreeMap<Key, SessionLine>>,
    pub(super) errors: RwSignal<BTreeMap<String, Vec<ErrorLine>>>,
    pub(super) storage: RwSignal<Option<(StorageReport, Vec<TableLine>)>>,
    /// Which server's drawings are shown; none: the one that made the page, or else any.
    pub(super) shown: RwSignal<Option<String>>,
    /// Whether servers are heard; none before the page knows.
    pub(super) hears: Memo<Option<bool>>,
    heard: StoredValue<BTreeMap<String, i64>>,
}

impl Desk {
    /// From what came with the page.
    pub(super) fn new(told: Everything) -> Self {
        let Everything { server, sessions, errors, storage } = told;
        let node = server.node.clone();
        let sessions = sessions.into_iter().map(|line| ((node.clone(), line.id), line)).collect();
        let room = use_room(ROOM, ());
        let hears = Memo::new(move |before: Option<&Option<bool>>| match room.status() {
            RoomStatus::Joined => Some(true),
            RoomStatus::Refused(_) => Some(false),
            // What the page came with is current until it has joined.
            RoomStatus::Joining => before.copied().flatten().map(|_| false),
        });
        let desk = Self {
            servers: RwSignal::new([(node.clone(), server)].into()),
            sessions: RwSignal::new(sessions),
            errors: RwSignal::new([(node.clone(), errors)].into()),
            storage: RwSignal::new(storage),
            shown: RwSignal::new(Some(node)),
            hears,
            heard: StoredValue::new(BTreeMap::new()),
        };
        let gathered = StoredValue::new(Gathered::default());
        room.on_message(move |message| desk.hear(message, gathered));
        let clock = use_clock();
        Effect::new(move || {
            if let Some(now) = clock.fine()
                && hears.get_untracked() == Some(true)
            {
                desk.forget_silent(now);
            }
        });
        desk
    }

    fn hear(self, message: &RoomMessage, gathered: StoredValue<Gathered>) {
        let Some(topic) = Topic::of(&message.event) else { return };
        let Some(Some(told)) = gathered.try_update_value(|gathered| gathered.take(topic, &message.payload)) else {
            return;
        };
        self.heard.update_value(|heard| {
            heard.insert(told.node.clone(), fresh::millis());
        });
        self.take(topic, told);
    }

    fn take(self, topic: Topic, told: Told) {
        let node = told.node.clone();
        match topic {
            Topic::Server => {
                if let Some(report) = told.head() {
                    self.servers.update(|servers| drop(servers.insert(node, report)));
                }
            }
            Topic::Sessions => {
                let lines = told.items::<SessionLine>();
                self.sessions.update(|sessions| {
                    sessions.retain(|(of, _), _| *of != node);
                    sessions.extend(lines.into_iter().map(|line| ((node.clone(), line.id), line)));
                });
            }
            Topic::Errors => {
                let lines = told.items();
                if self.errors.with_untracked(|errors| errors.get(&node) != Some(&lines)) {
                    self.errors.update(|errors| drop(errors.insert(node, lines)));
                }
            }
            Topic::Storage => self.storage.set(told.head().map(|head| (head, told.items()))),
        }
    }

    /// Those who have never been heard since the page is there are given the same time.
    fn forget_silent(self, now: i64) {
        let known: Vec<String> = self.servers.with_untracked(|servers| servers.keys().cloned().collect());
        let silent: Vec<String> = known
            .into_iter()
            .filter(|node| {
                let heard = self.heard.try_update_value(|heard| *heard.entry(node.clone()).or_insert(now));
                heard.is_some_and(|heard| now - heard > SILENCE_MS)
            })
            .collect();
        if silent.is_empty() {
            return;
        }
        self.heard.update_value(|heard| heard.retain(|node, _| !silent.contains(node)));
        self.servers.update(|servers| servers.retain(|node, _| !silent.contains(node)));
        self.sessions.update(|sessions| sessions.retain(|(node, _), _| !silent.contains(node)));
        self.errors.update(|errors| errors.retain(|node, _| !silent.contains(node)));
    }

    /// The server whose drawings are shown. Tracked.
    pub(super) fn drawn(self) -> Option<ServerReport> {
        let shown = self.shown.get();
        self.servers.with(|servers| shown.and_then(|node| servers.get(&node)).or(servers.values().next()).cloned())
    }

    /// Sums something over all servers. Tracked.
    pub(super) fn sum(self, of: impl Fn(&ServerReport) -> usize) -> usize {
        self.servers.with(|servers| servers.values().map(of).sum())
    }
}
