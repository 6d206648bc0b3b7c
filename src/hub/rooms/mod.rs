//! Rooms: who is there, what is said, and the same on all servers of one database.
//!
//! Pure: no network, no lock, and no clock but the numbers handed to `Rooms::tick`. What is to be sent comes out as
//! effects for sessions of this server and as words for the other nodes.
//!
//! | file | what it is |
//! |---|---|
//! | `limits` | every bound and interval |
//! | `name` | what a room may be called |
//! | `rights` | who may join and publish where |
//! | `member` | what a page is called in a room, and who it is |
//! | `room` | one room: its members, its audience, what the audience has yet to be told |
//! | `frames` | the frames that tell it, encoded once for all |
//! | `session` | what one session may do |
//! | `own` | what servers say by themselves, and do to a session of whichever of them |
//! | `rule` | what becomes of sessions whose rights change |
//! | `word` | what nodes say to each other |
//! | `heard` | which of these are taken |
//! | `nodes` | the other nodes: what they have, whether they are still there |
//! | `outgoing` | what they have yet to be told, bounded |
//!
//! A **member** is one page of a person. Several sessions may hold it, on several nodes: one that was lost and has not been
//! given up yet, and the one that the page came back with. It is there as long as one of them holds it. So nobody who
//! watches sees a page that reconnects leave, and nobody stays whom no session holds.
//!
//! Invariants:
//! - Between two ticks each session of a room has been told the same: those who join get the whole, all others the
//!   difference, and both lead to the same.
//! - A member is held by this node's own sessions, or by a node that was heard within its lease.
//! - Nothing is told to a session about a room that it is not in.

mod frames;
mod heard;
mod limits;
mod member;
mod name;
mod nodes;
mod outgoing;
mod own;
mod rights;
mod room;
mod rule;
mod session;
#[cfg(test)]
mod tests;
mod word;

pub use limits::*;
pub use name::RoomName;
pub use own::{Reached, Target};
pub use rights::{History, MalformedRule, Rights, Rule};
pub use session::Refused;

use super::{Frame, Principal};
use nodes::Node;
use outgoing::Outgoing;
use room::Room;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// A node's name, new each time that it starts.
pub(super) type NodeId = Arc<str>;

/// What is to be done with the sessions of this node.
#[derive(Debug)]
pub(super) enum Effect {
    /// Queue a frame for these, if there is room for it.
    Tell {
        /// Which sessions.
        sessions: Vec<u64>,
        /// Which room it is about.
        room: Option<RoomName>,
        /// What to queue.
        frame: Frame,
    },
    /// Queue a frame for one session, whatever waits. The bound is that of its rooms.
    Insist {
        /// Which session.
        session: u64,
        /// What to queue.
        frame: Frame,
    },
    /// Forget what is queued about a room: the session has left it, or is told all of it anew.
    Forget {
        /// Which session.
        session: u64,
        /// Which room.
        room: RoomName,
    },
    /// End a session; its page may come back.
    Close {
        /// Which session.
        session: u64,
    },
}

/// How often something was lost between nodes, or not let in. What was lost is made up for by telling everything anew, except
/// messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomCounters {
    /// Words that did not fit into the queue to the other nodes.
    pub dropped: u64,
    /// Words from other nodes that are missing.
    pub gaps: u64,
    /// Words from other nodes that were not understood.
    pub malformed: u64,
    /// Words from other nodes, and members in them, that are more than there may be.
    pub refused: u64,
    /// Times that somebody was not let into a room because it, or the server, was full.
    pub full: u64,
    /// Nodes that were not heard for longer than their lease.
    pub dead_nodes: u64,
}

/// One session of this node.
#[derive(Debug)]
struct Own {
    principal: Arc<Principal>,
    joined: BTreeMap<RoomName, Arc<str>>,
}

/// All rooms, as one node knows them.
#[derive(Debug)]
pub(super) struct Rooms {
    node: NodeId,
    rights: Rights,
    rooms: BTreeMap<RoomName, Room>,
    /// Members that this node holds, counted once for every room, and how many they may be.
    own: usize,
    most_own: usize,
    /// What the members take that other nodes hold, and may take, in bytes.
    heard: usize,
    most_heard: usize,
    sessions: HashMap<u64, Own>,
    /// Sessions of this node by the person's id.
    people: HashMap<String, BTreeSet<u64>>,
    /// Rooms of which something has yet to be told.
    dirty: BTreeSet<RoomName>,
    /// Members that were lost and have not been given up yet.
    lost: BTreeSet<(RoomName, Arc<str>)>,
    nodes: BTreeMap<NodeId, Node>,
    /// Whether other nodes can be heard: unknown where there are none.
    connected: Option<bool>,
    outgoing: Outgoing,
    next_beat: u64,
    next_telling: u64,
    effects: Vec<Effect>,
    counters: RoomCounters,
}

impl Rooms {
    pub(super) fn new(node: &str) -> Self {
        Self {
            node: node.into(),
            rights: Rights::default(),
            rooms: BTreeMap::new(),
            own: 0,
            most_own: MAX_OWN_MEMBERS,
            heard: 0,
            most_heard: MAX_HEARD_BYTES,
            sessions: HashMap::new(),
            people: HashMap::new(),
            dirty: BTreeSet::new(),
            lost: BTreeSet::new(),
            nodes: BTreeMap::new(),
            connected: None,
            outgoing: Outgoing::default(),
            next_beat: 0,
            next_telling: 0,
            effects: Vec::new(),
            counters: RoomCounters::default(),
        }
    }

    pub(super) fn counters(&self) -> RoomCounters {
        RoomCounters { dropped: self.outgoing.dropped(), ..self.counters }
    }

    pub(super) fn connected(&self) -> Option<bool> {
        self.connected
    }

    /// Takes what is to be done with sessions.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether a tick soon would do something.
    pub(super) fn is_stirred(&self) -> bool {
        !self.dirty.is_empty() || self.outgoing.is_waiting()
    }

    /// Lets time pass, in milliseconds: tells what has gathered, gives up what was lost for too long, and nodes that are
    /// silent for too long.
    pub(super) fn tick(&mut self, now: u64) {
        self.expire_nodes(now);
        self.expire_lost(now);
        for name in std::mem::take(&mut self.dirty) {
            self.flush(&name);
        }
        self.speak_to_nodes(now);
    }

    /// Tells the audience and the other nodes what has changed in a room.
    fn flush(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let audience: Vec<u64> = room.audience.keys().copied().collect();
        let changes = room.take_changes();
        if !audience.is_empty() {
            for frame in frames::presence(name, &changes) {
                self.effects.push(Effect::Tell { sessions: audience.clone(), room: Some(name.clone()), frame });
            }
        }
        let (set, gone) = room.take_own_changes(&self.node);
        if self.connected == Some(true) && !(set.is_empty() && gone.is_empty()) {
            self.outgoing.push_changes(name, set, gone);
        }
        if room.is_empty() {
            self.rooms.remove(name);
        }
    }

    /// The sessions of this node that are in a room.
    fn audience(&self, name: &str) -> Vec<u64> {
        self.rooms.get(name).map(|room| room.audience.keys().copied().collect()).unwrap_or_default()
    }

    fn tell(&mut self, sessions: Vec<u64>, room: Option<RoomName>, frame: Frame) {
        if !sessions.is_empty() {
            self.effects.push(Effect::Tell { sessions, room, frame });
        }
    }
}
