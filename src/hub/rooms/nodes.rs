//! The other nodes: what they have, whether they are still there.
//!
//! A node that misses a word of another, or meets one that it does not know, asks for all that there is, and takes nothing
//! about that node's members until it has been told. A node that is not heard within its lease is gone.

use super::{
    BEAT, Effect, LEASE, NodeId, RoomName, Rooms, frames,
    member::Held,
    ms,
    room::MemberId,
    word::{Carried, Crowd, Envelope, From, Word},
};
use crate::{hub::Frame, protocol::ServerFrame};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Another node.
#[derive(Debug)]
pub(super) struct Node {
    /// The number of its last word.
    seq: u64,
    heard: u64,
    /// Whether all it said about members has been heard.
    complete: bool,
    /// What has been told so far of all that it has.
    partial: Option<Vec<Crowd>>,
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
                (node.complete, node.partial, node.asked) = (false, None, None);
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
        let Ok(Envelope { node, seq, word }) = serde_json::from_slice(text) else {
            self.counters.malformed += 1;
            return;
        };
        let id: NodeId = node.into();
        if id == self.node {
            return;
        }
        let node = self.nodes.entry(id.clone()).or_insert_with(|| Node {
            seq: seq.wrapping_sub(1),
            heard: now,
            complete: false,
            partial: None,
            asked: None,
        });
        node.heard = now;
        if seq != node.seq.wrapping_add(1) {
            self.counters.gaps += 1;
            (node.complete, node.partial) = (false, None);
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
        }
        self.ask_if_incomplete(&id, now);
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
        let Some(node) = self.nodes.get_mut(id).filter(|node| !node.complete && node.partial.is_none()) else { return };
        if node.asked.is_none_or(|asked| now >= asked + ms(BEAT)) {
            node.asked = Some(now);
            self.outgoing.push(&Word::Hello { of: Some(id.to_string()) });
        }
    }

    fn hear_members(&mut self, id: &NodeId, first: bool, more: bool, rooms: Vec<Crowd>) {
        let Some(node) = self.nodes.get_mut(id) else { return };
        if first {
            node.partial = Some(Vec::new());
        }
        // Its beginning is missing: it has been asked for again.
        let Some(partial) = &mut node.partial else { return };
        partial.extend(rooms);
        if more {
            return;
        }
        let all = node.partial.take().unwrap_or_default();
        (node.complete, node.asked) = (true, None);
        self.replace(id, all);
    }

    /// A node holds these members and no others.
    fn replace(&mut self, id: &NodeId, all: Vec<Crowd>) {
        let mut now: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Crowd { room, members } in &all {
            now.entry(room.clone()).or_default().extend(members.iter().map(|member| member.id.clone()));
        }
        let empty = BTreeSet::new();
        for (name, room) in &mut self.rooms {
            let held = now.get(&**name).unwrap_or(&empty);
            for gone in room.held_by(id).into_iter().filter(|member| !held.contains(&**member)) {
                room.unset(id, &gone);
                self.dirty.insert(name.clone());
            }
        }
        for Crowd { room, members } in all {
            self.set_members(id, &room.into(), members);
        }
    }

    fn hear_presence(&mut self, id: &NodeId, room: &str, set: Vec<Carried>, gone: Vec<String>) {
        if !self.nodes.get(id).is_some_and(|node| node.complete) {
            return;
        }
        let name: RoomName = room.into();
        if let Some(room) = self.rooms.get_mut(&name) {
            for member in gone {
                room.unset(id, &MemberId::from(member));
            }
            self.dirty.insert(name.clone());
        }
        self.set_members(id, &name, set);
    }

    fn set_members(&mut self, id: &NodeId, name: &RoomName, members: Vec<Carried>) {
        if members.is_empty() {
            return;
        }
        let room = self.rooms.entry(name.clone()).or_default();
        for Carried { id: member, user, name, state, version } in members {
            let held = Held { state: Arc::from(state), version };
            room.set(id, &member.into(), user.map(Into::into), name.into(), held);
        }
        self.dirty.insert(name.clone());
    }

    /// Gives up nodes that are silent for too long.
    pub(super) fn expire_nodes(&mut self, now: u64) {
        let dead: Vec<NodeId> =
            self.nodes.iter().filter(|(_, node)| now >= node.heard + ms(LEASE)).map(|(id, _)| id.clone()).collect();
        for id in dead {
            self.nodes.remove(&id);
            self.counters.dead_nodes += 1;
            self.replace(&id, Vec::new());
        }
    }

    /// Lets the other nodes hear what is due.
    pub(super) fn speak_to_nodes(&mut self, now: u64) {
        if self.connected != Some(true) {
            return;
        }
        let (rooms, node) = (&self.rooms, &self.node);
        self.outgoing.tell_all(|| {
            let crowds = rooms.iter().map(|(name, room)| Crowd { room: name.to_string(), members: room.carried(node) });
            crowds.filter(|crowd| !crowd.members.is_empty()).collect()
        });
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
