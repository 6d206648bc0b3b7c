//! What servers say by themselves, in rooms of their own, to everybody or to one session, and how they end one, on whichever server it is.
//!
//! A session is named together with its node and its person: what a page knows may be old, and nobody else is to be hit.

use super::{
    Effect, MAX_PAYLOAD_BYTES, Rooms, frames,
    session::{Refused, bounded, from},
    word::{Act, From, Word},
};
use crate::hub::Principal;
use serde_json::Value;

/// One session of some server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which server, as [`Hub::node`](crate::hub::Hub::node) has it.
    pub node: String,
    /// Its number there.
    pub session: u64,
    /// Whose it is; none for nobody in particular.
    pub person: Option<String>,
}

/// What became of doing something to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It is here, and it is done.
    Here,
    /// Another server has been asked to.
    Asked,
    /// There is no such session, or no such server that can be heard.
    Nobody,
}

impl Rooms {
    /// What this node is called.
    pub(in crate::hub) fn node(&self) -> &str {
        &self.node
    }

    /// How many people with an id have sessions here.
    pub(in crate::hub) fn people(&self) -> usize {
        self.people.len()
    }

    /// How many rooms a session is in.
    pub(in crate::hub) fn rooms_of(&self, session: u64) -> usize {
        self.sessions.get(&session).map_or(0, |own| own.joined.len())
    }

    /// How many sessions of this node are in a room, and whether anybody is, on any node.
    pub(in crate::hub) fn attended(&self, room: &str) -> (usize, bool) {
        self.rooms.get(room).map_or((0, false), |room| (room.audience.len(), !room.members.is_empty()))
    }

    /// The server says something in one of its own rooms, on all nodes.
    pub(in crate::hub) fn announce(&mut self, room: &str, event: &str, payload: &Value) -> Result<(), Refused> {
        let payload = bounded(payload, MAX_PAYLOAD_BYTES, "payload")?;
        let from = From { id: None, name: String::new(), session: None };
        let frame = frames::message(room, &from, event, &payload);
        self.tell(self.audience(room), Some(room.into()), frame);
        self.tell_nodes(|| Word::Message { room: room.to_owned(), from, event: event.to_owned(), payload });
        Ok(())
    }

    /// The server says to everybody what somebody has to say. Returns to how many sessions of this node it went.
    pub(in crate::hub) fn proclaim(&mut self, by: &Principal, event: &str, payload: &Value) -> Result<usize, Refused> {
        let (payload, from) = (bounded(payload, MAX_PAYLOAD_BYTES, "payload")?, from(by));
        self.tell_everybody(&from, event, &payload);
        self.tell_nodes(|| Word::Broadcast { from, event: event.to_owned(), payload });
        Ok(self.sessions.len())
    }

    /// The server says to one session what somebody has to say.
    pub(in crate::hub) fn tell_session(
        &mut self,
        target: &Target,
        by: &Principal,
        event: &str,
        payload: &Value,
    ) -> Result<Reached, Refused> {
        let payload = bounded(payload, MAX_PAYLOAD_BYTES, "payload")?;
        Ok(self.operate(target, Act::Say { from: from(by), event: event.to_owned(), payload }))
    }

    /// Ends one session.
    pub(in crate::hub) fn end_session(&mut self, target: &Target) -> Reached {
        self.operate(target, Act::Close)
    }

    /// What would become of doing something to a session.
    pub(in crate::hub) fn reach(&self, target: &Target) -> Reached {
        let Target { node, session, person } = target;
        if *self.node == **node {
            return if self.is_of(*session, person.as_deref()) { Reached::Here } else { Reached::Nobody };
        }
        let is_heard = self.connected == Some(true) && self.nodes.contains_key(node.as_str());
        if is_heard { Reached::Asked } else { Reached::Nobody }
    }

    fn operate(&mut self, target: &Target, act: Act) -> Reached {
        let reached = self.reach(target);
        let Target { node, session, person } = target;
        match reached {
            Reached::Here => self.act(*session, person.as_deref(), act),
            Reached::Asked => {
                self.tell_nodes(|| Word::Session { of: node.clone(), session: *session, person: person.clone(), act });
            }
            Reached::Nobody => {}
        }
        reached
    }

    /// Does it to a session of this node, if it is there and that person's.
    pub(super) fn act(&mut self, session: u64, person: Option<&str>, act: Act) {
        if !self.is_of(session, person) {
            return;
        }
        match act {
            Act::Close => self.effects.push(Effect::Close { session }),
            Act::Say { from, event, payload } => {
                self.tell(vec![session], None, frames::direct(&from, &event, &payload));
            }
        }
    }

    fn is_of(&self, session: u64, person: Option<&str>) -> bool {
        self.sessions.get(&session).is_some_and(|own| own.principal.id().as_deref() == person)
    }
}
