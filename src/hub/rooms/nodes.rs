//! The other nodes: what they have, whether they are still there.
//!
//! A node that misses a word of another, or meets one that it does not know, asks for all that there is, and takes no changes of
//! that node's members until it has been told. A node that is not heard within its lease is gone.
//!
//! What is told of all is taken part by part; what an earlier telling named and this one has not is given up at its end.

use super::{
    BEAT, Effect, LEASE, MAX_HEARD_MEMBERS, MAX_NODES, NodeId, RoomName, Rooms, TELL_AGAIN, frames,
    heard::{self, Unfit},
    member::Held,
    ms,
    room::MemberId,
    word::{Carried, Crowd, Envelope, From, Word},
};
use crate::{hub::Frame, protocol::ServerFrame};
use serde_json::value::RawValue;
use std::sync::Arc;

/// Another node.
#[derive(Debug)]
pub(super) struct Node {
    /// The number of its last word.
    seq: u64,
    heard: u64,
    /// Whether all it said about members has been heard.
    complete: bool,
    /// The number of the last time that it told all that it has.
    telling: u64,
    /// Whether it still does.
    is_telling: bool,
    /// When it was asked for all that it has.
    asked: Option<u64>,
}

impl Rooms {
    /// Other nodes can be heard from now on, or no more, or there are none.
    pub(in crate::hub) fn set_connected(&mut self, connected: Option<bool>) {
        if self.connected == connected {
            return;
        }
        self.connected = connected;
        self.outgoing.clear();
        if connected == Some(true) {
            self.outgoing.push(&Word::Hello { of: None });
            self.outgoing.start_over();
            for node in self.nodes.values_mut() {
                (node.complete, node.is_telling, node.asked) = (false, false, None);
            }
        }
        if let Some(connected) = connected {
            let frame = Frame::from(ServerFrame::Nodes { connected }.encode());
            let told = self.sessions.keys().map(|session| Effect::Insist { session: *session, frame: frame.clone() });
            self.effects.extend(told);
        }
    }

    /// The next word for the other nodes.
    pub(in crate::hub) fn take_outgoing(&mut self) -> Option<String> {
        self.outgoing.pop(&self.node)
    }

    /// Hears a word.
    pub(in crate::hub) fn hear(&mut self, text: &[u8], now: u64) {
        let Envelope { node, seq, word } = match heard::read(text) {
            Ok((envelope, unfit)) => {
                self.counters.refused += unfit;
                envelope
            }
            Err(Unfit::Malformed) => {
                self.counters.malformed += 1;
                return;
            }
            Err(Unfit::Beyond) => return self.refuse_word(),
        };
        let id: NodeId = node.into();
        if id == self.node {
            return;
        }
        if !self.nodes.contains_key(&id) && self.nodes.len() >= MAX_NODES {
            return self.refuse_word();
        }
        let node = self.nodes.entry(id.clone()).or_insert_with(|| Node {
            seq: seq.wrapping_sub(1),
            heard: now,
            complete: false,
            telling: 0,
            is_telling: false,
            asked: None,
        });
        node.heard = now;
        if seq != node.seq.wrapping_add(1) {
            self.counters.gaps += 1;
            (node.complete, node.is_telling) = (false, false);
        }
        node.seq = seq;
        match word {
            Word::Beat => {}
            Word::Hello { of } => {
                if of.is_none() {
                    // All that it has follows.
                    node.asked.get_or_insert(now);
                }
                if of.is_none_or(|of| *of == *self.node) {
                    self.outgoing.start_over();
                }
            }
            Word::Members { first, more, rooms } => self.hear_members(&id, first, more, rooms),
            Word::Presence { room, set, gone } => self.hear_presence(&id, &room, set, gone),
            Word::Message { room, from, event, payload } => {
                let frame = frames::message(&room, &from, &event, &payload);
                self.tell(self.audience(&room), Some(room.into()), frame);
            }
            Word::Direct { to, from, event, payload } => {
                self.tell_person(&to, &from, &event, &payload);
            }
            Word::Broadcast { from, event, payload } => self.tell_everybody(&from, &event, &payload),
            Word::Session { of, session, person, act } => {
                if *of == *self.node {
                    self.act(session, person.as_deref(), act);
                }
            }
        }
        self.ask_if_incomplete(&id, now);
    }

    /// A word is not taken, because it is more than any of ours.
    pub(in crate::hub) fn refuse_word(&mut self) {
        self.counters.refused += 1;
    }

    pub(super) fn tell_person(&mut self, to: &str, from: &From, event: &str, payload: &RawValue) -> usize {
        let sessions: Vec<u64> = self.people.get(to).map(|all| all.iter().copied().collect()).unwrap_or_default();
        let count = sessions.len();
        self.tell(sessions, None, frames::direct(from, event, payload));
        count
    }

    pub(super) fn tell_everybody(&mut self, from: &From, event: &str, payload: &RawValue) {
        let sessions = self.sessions.keys().copied().collect();
        self.tell(sessions, None, frames::broadcast(from, event, payload));
    }

    /// At most once for each beat, for the answer takes its time.
    fn ask_if_incomplete(&mut self, id: &NodeId, now: u64) {
        let Some(node) = self.nodes.get_mut(id).filter(|node| !node.complete && !node.is_telling) else { return };
        if node.asked.is_none_or(|asked| now >= asked + ms(BEAT)) {
            node.asked = Some(now);
            self.outgoing.push(&Word::Hello { of: Some(id.to_string()) });
        }
    }

    fn hear_members(&mut self, id: &NodeId, first: bool, more: bool, rooms: Vec<Crowd>) {
        let Some(node) = self.nodes.get_mut(id) else { return };
        if first {
            node.telling += 1;
            node.is_telling = true;
        }
        // Its beginning is missing: it has been asked for again.
        if !node.is_telling {
            return;
        }
        let telling = node.telling;
        if !more {
            (node.complete, node.is_telling, node.asked) = (true, false, None);
        }
        for Crowd { room, members } in rooms {
            self.set_members(id, telling, &room.into(), members);
        }
        if !more {
            self.forget_all_but(id, Some(telling));
        }
    }

    /// A node holds what it has told of in this telling, and nothing else.
    fn forget_all_but(&mut self, id: &NodeId, telling: Option<u64>) {
        for (name, room) in &mut self.rooms {
            for gone in room.held_before(id, telling) {
                self.heard -= room.unset(id, &gone).map_or(0, |held| held.weight());
                self.dirty.insert(name.clone());
            }
        }
    }

    fn hear_presence(&mut self, id: &NodeId, room: &str, set: Vec<Carried>, gone: Vec<String>) {
        let Some(telling) = self.nodes.get(id).filter(|node| node.complete).map(|node| node.telling) else { return };
        let name: RoomName = room.into();
        if let Some(room) = self.rooms.get_mut(&name) {
            for member in gone {
                self.heard -= room.unset(id, &MemberId::from(member)).map_or(0, |held| held.weight());
            }
            self.dirty.insert(name.clone());
        }
        self.set_members(id, telling, &name, set);
    }

    /// A node holds these members, too, as far as there is place for them.
    fn set_members(&mut self, id: &NodeId, telling: u64, name: &RoomName, members: Vec<Carried>) {
        for Carried { id: member, user, name: called, state, version } in members {
            let held =
                Held { user: user.map(Into::into), name: called.into(), state: Arc::from(state), version, telling };
            let (member, weight): (MemberId, usize) = (member.into(), held.weight());
            let room = self.rooms.get(name);
            let is_new = !room.is_some_and(|room| room.members.contains_key(&member));
            let is_full = is_new && room.is_some_and(|room| room.members.len() >= MAX_HEARD_MEMBERS);
            if is_full || self.heard + weight > self.most_heard {
                self.refuse_word();
                continue;
            }
            let room = self.rooms.entry(name.clone()).or_default();
            let before = room.set(id, &member, held);
            self.heard = self.heard + weight - before.map_or(0, |held| held.weight());
            self.dirty.insert(name.clone());
        }
    }

    /// Gives up nodes that are silent for too long.
    pub(super) fn expire_nodes(&mut self, now: u64) {
        let dead: Vec<NodeId> =
            self.nodes.iter().filter(|(_, node)| now >= node.heard + ms(LEASE)).map(|(id, _)| id.clone()).collect();
        for id in dead {
            self.nodes.remove(&id);
            self.counters.dead_nodes += 1;
            self.forget_all_but(&id, None);
        }
    }

    /// Lets the other nodes hear what is due.
    pub(super) fn speak_to_nodes(&mut self, now: u64) {
        if self.connected != Some(true) {
            return;
        }
        let (rooms, node) = (&self.rooms, &self.node);
        let told = now >= self.next_telling
            && self.outgoing.tell_all(|| {
                let crowds =
                    rooms.iter().map(|(name, room)| Crowd { room: name.to_string(), members: room.carried(node) });
                crowds.filter(|crowd| !crowd.members.is_empty()).collect()
            });
        if told {
            self.next_telling = now + ms(TELL_AGAIN);
        }
        if now >= self.next_beat {
            self.next_beat = now + ms(BEAT);
            self.outgoing.push(&Word::Beat);
        }
    }

    /// Whether there are other nodes that may know who is not known here.
    pub(super) fn has_other_nodes(&self) -> bool {
        self.connected == Some(true) && !self.nodes.is_empty()
    }
}
