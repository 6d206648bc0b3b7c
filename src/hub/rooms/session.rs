//! What one session may do in rooms.

use super::{
    Effect, GRACE, MAX_CLIENT_BYTES, MAX_EVENT_BYTES, MAX_MEMBERS, MAX_PAYLOAD_BYTES, MAX_ROOM_BYTES, MAX_ROOMS,
    MAX_STATE_BYTES, Own, RoomName, Rooms, frames, member, ms,
    name::is_name,
    rights::{self, OWN},
    room::MemberId,
    word::{From, Word},
};
use crate::{
    hub::{Frame, Principal},
    protocol::ErrorCode,
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use std::{collections::BTreeMap, sync::Arc};

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

fn refused<T>(code: ErrorCode, message: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { code, message: message.into() })
}

impl Rooms {
    /// A session begins.
    pub(in crate::hub) fn opened(&mut self, session: u64, principal: Arc<Principal>) {
        if let Some(id) = principal.id() {
            self.people.entry(id).or_default().insert(session);
        }
        self.sessions.insert(session, Own { principal, joined: BTreeMap::new() });
    }

    /// A session ends: it said goodbye, or it was lost and its page may come back.
    pub(in crate::hub) fn closed(&mut self, session: u64, lost: bool) {
        let Some(own) = self.sessions.get(&session) else { return };
        let joined: Vec<RoomName> = own.joined.keys().cloned().collect();
        for room in joined {
            if lost { self.lose(session, &room) } else { self.depart(session, &room) }
        }
        let Some(id) = self.sessions.remove(&session).and_then(|own| own.principal.id()) else { return };
        if let Some(sessions) = self.people.get_mut(&id) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.people.remove(&id);
            }
        }
    }

    /// Joins a room, or starts over in it. Returns the frames that say who is there.
    pub(in crate::hub) fn join(
        &mut self,
        session: u64,
        room: &str,
        state: Option<&Value>,
        client: Option<&str>,
    ) -> Result<Vec<Frame>, Refused> {
        self.check_name(room)?;
        let state: Arc<RawValue> = bounded(state.unwrap_or(&Value::Null), MAX_STATE_BYTES, "state")?.into();
        if client.is_some_and(|client| client.is_empty() || client.len() > MAX_CLIENT_BYTES) {
            return refused(ErrorCode::InvalidRoom, format!("a \"client\" has 1 to {MAX_CLIENT_BYTES} bytes"));
        }
        let Some(own) = self.sessions.get(&session) else {
            return refused(ErrorCode::NotJoined, "this session has ended");
        };
        let principal = own.principal.clone();
        if !self.rights.may_join(room, &principal) {
            return refused(
                ErrorCode::UnknownRoom,
                format!("there is no room {room:?} for you; `rowcast room allow` lets a role join rooms"),
            );
        }
        let id = member::id_of(&principal, client, &self.node, session);
        let before = own.joined.get(room).cloned();
        if before.is_none() && own.joined.len() >= MAX_ROOMS {
            return refused(
                ErrorCode::TooManyRooms,
                format!("a connection may be in {MAX_ROOMS} rooms; leave one of them first"),
            );
        }
        let here = self.rooms.get(room).map_or(0, |room| room.members.len());
        let is_new = !self.rooms.get(room).is_some_and(|room| room.members.contains_key(&id));
        if is_new && here >= MAX_MEMBERS {
            self.counters.full += 1;
            return refused(ErrorCode::RoomFull, format!("the room has {MAX_MEMBERS} members, which is all it holds"));
        }
        let is_held = self.rooms.get(room).is_some_and(|room| room.mine.contains_key(&id));
        if !is_held && before.is_none() && self.own >= self.most_own {
            self.counters.full += 1;
            return refused(ErrorCode::RoomFull, "the rooms of this server hold as many as they may; try again later");
        }
        let name: RoomName = room.into();
        if before.is_some_and(|before| before != id) {
            self.depart(session, &name);
        }
        self.enter(session, &name, &id, &principal, client.is_some(), state);
        self.effects.push(Effect::Forget { session, room: name.clone() });
        Ok(self.joined(session, &name))
    }

    fn enter(
        &mut self,
        session: u64,
        name: &RoomName,
        id: &MemberId,
        principal: &Principal,
        returns: bool,
        state: Arc<RawValue>,
    ) {
        let room = self.rooms.entry(name.clone()).or_default();
        self.own += usize::from(!room.mine.contains_key(id));
        let mine = room.mine.entry(id.clone()).or_default();
        mine.sessions.insert(session);
        mine.until = None;
        mine.returns = returns;
        room.audience.insert(session, id.clone());
        room.hold(&self.node, id, principal.id().map(Into::into), principal.name.clone(), state);
        self.lost.remove(&(name.clone(), id.clone()));
        self.dirty.insert(name.clone());
        if let Some(own) = self.sessions.get_mut(&session) {
            own.joined.insert(name.clone(), id.clone());
        }
    }

    /// The frames that say who is in a room; none if the session is not.
    pub(in crate::hub) fn joined(&mut self, session: u64, name: &RoomName) -> Vec<Frame> {
        let (Some(own), Some(room)) = (self.sessions.get(&session), self.rooms.get_mut(name)) else {
            return Vec::new();
        };
        let Some(id) = own.joined.get(name) else { return Vec::new() };
        let history = self.rights.history(name, &own.principal);
        frames::joined(name, id, &room.show_all(), history.as_deref())
    }

    /// What a session is told that missed something about a room, or about none; nothing if it is not in the room.
    pub(in crate::hub) fn missed(&mut self, session: u64, room: Option<&RoomName>) -> Vec<Frame> {
        match room {
            None => vec![frames::missed(None)],
            Some(room) => match self.joined(session, room) {
                joined if joined.is_empty() => joined,
                joined => [frames::missed(Some(room))].into_iter().chain(joined).collect(),
            },
        }
    }

    /// Changes what the others see.
    pub(in crate::hub) fn set_state(&mut self, session: u64, room: &str, state: &Value) -> Result<(), Refused> {
        let (name, id, principal) = self.presence_of(session, room)?;
        let state = bounded(state, MAX_STATE_BYTES, "state")?.into();
        if let Some(room) = self.rooms.get_mut(&name) {
            room.hold(&self.node, &id, principal.id().map(Into::into), principal.name.clone(), state);
            self.dirty.insert(name);
        }
        Ok(())
    }

    /// Leaves a room.
    pub(in crate::hub) fn leave(&mut self, session: u64, room: &str) -> Result<(), Refused> {
        let (room, ..) = self.presence_of(session, room)?;
        self.depart(session, &room);
        self.effects.push(Effect::Forget { session, room });
        Ok(())
    }

    /// Says something in a room, to all others or to everybody. Returns to how many sessions of this node it went.
    pub(in crate::hub) fn say(
        &mut self,
        session: u64,
        room: &str,
        event: &str,
        payload: &Value,
        echo: bool,
    ) -> Result<usize, Refused> {
        check_event(event)?;
        let (name, id, principal) = self.presence_of(session, room)?;
        if !self.rights.may_publish(room, &principal) {
            return refused(ErrorCode::NotAllowed, format!("you may listen in {room:?}, and not publish"));
        }
        let payload = bounded(payload, MAX_PAYLOAD_BYTES, "payload")?;
        let from = From { session: Some(id.to_string()), ..from(&principal) };
        let frame = frames::message(room, &from, event, &payload);
        let mut sessions = self.audience(room);
        sessions.retain(|other| echo || *other != session);
        let count = sessions.len();
        self.tell(sessions, Some(name), frame);
        self.tell_nodes(|| Word::Message { room: room.to_owned(), from, event: event.to_owned(), payload });
        Ok(count)
    }

    /// Says something to one person. Returns to how many sessions of this node it went.
    pub(in crate::hub) fn direct(
        &mut self,
        session: u64,
        to: &str,
        event: &str,
        payload: &Value,
    ) -> Result<usize, Refused> {
        check_event(event)?;
        let unknown = || refused(ErrorCode::UnknownPerson, "nobody of this id is here for you to write to");
        let Some(own) = self.sessions.get(&session) else { return unknown() };
        let principal = own.principal.clone();
        if !is_name(to) || !self.rights.may_write_to(to, &principal) {
            return unknown();
        }
        let payload = bounded(payload, MAX_PAYLOAD_BYTES, "payload")?;
        let from = from(&principal);
        let count = self.tell_person(to, &from, event, &payload);
        if count == 0 && !self.has_other_nodes() {
            return unknown();
        }
        self.tell_nodes(|| Word::Direct { to: to.to_owned(), from, event: event.to_owned(), payload });
        Ok(count)
    }

    /// Says something to everybody. Returns to how many sessions of this node it went.
    pub(in crate::hub) fn broadcast(&mut self, session: u64, event: &str, payload: &Value) -> Result<usize, Refused> {
        check_event(event)?;
        let principal = self.sessions.get(&session).map(|own| own.principal.clone());
        let Some(principal) = principal.filter(|principal| rights::is_admin(principal)) else {
            return refused(ErrorCode::NotAllowed, "only an admin may say something to everybody");
        };
        let payload = bounded(payload, MAX_PAYLOAD_BYTES, "payload")?;
        let from = from(&principal);
        self.tell_everybody(&from, event, &payload);
        self.tell_nodes(|| Word::Broadcast { from, event: event.to_owned(), payload });
        Ok(self.sessions.len())
    }

    pub(super) fn tell_nodes(&mut self, word: impl FnOnce() -> Word) {
        if self.connected == Some(true) {
            self.outgoing.push(&word());
        }
    }

    /// A session is in a room no more, and neither is its page, unless another session holds it.
    pub(super) fn depart(&mut self, session: u64, name: &RoomName) {
        self.release(session, name, false);
    }

    /// A session was lost: its page stays for a while, if it can come back.
    fn lose(&mut self, session: u64, name: &RoomName) {
        self.release(session, name, true);
    }

    fn release(&mut self, session: u64, name: &RoomName, lost: bool) {
        if let Some(own) = self.sessions.get_mut(&session) {
            own.joined.remove(name);
        }
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some((id, true)) = room.depart(session) else { return };
        if lost && room.mine.get(&id).is_some_and(|mine| mine.returns) {
            self.lost.insert((name.clone(), id));
        } else {
            self.own -= usize::from(room.give_up(&self.node, &id));
            self.dirty.insert(name.clone());
        }
    }

    /// Gives up whoever was lost for too long.
    pub(super) fn expire_lost(&mut self, now: u64) {
        let mut expired = Vec::new();
        for (name, id) in &self.lost {
            let mine = self.rooms.get_mut(name).and_then(|room| room.mine.get_mut(id));
            let Some(mine) = mine else { continue };
            if *mine.until.get_or_insert(now + ms(GRACE)) <= now {
                expired.push((name.clone(), id.clone()));
            }
        }
        for (name, id) in expired {
            if let Some(room) = self.rooms.get_mut(&name) {
                self.own -= usize::from(room.give_up(&self.node, &id));
            }
            self.dirty.insert(name.clone());
            self.lost.remove(&(name, id));
        }
    }

    fn presence_of(&self, session: u64, room: &str) -> Result<(RoomName, MemberId, Arc<Principal>), Refused> {
        let own = self.sessions.get(&session);
        let joined = own.and_then(|own| Some((own.joined.get_key_value(room)?, own.principal.clone())));
        match joined {
            Some(((name, id), principal)) => Ok((name.clone(), id.clone(), principal)),
            None => refused(ErrorCode::NotJoined, "this room was not joined on this connection: join it first"),
        }
    }

    fn check_name(&self, room: &str) -> Result<(), Refused> {
        if is_name(room) {
            return Ok(());
        }
        let message =
            format!("a room's name has 1 to {MAX_ROOM_BYTES} letters (without accents), digits and signs of _ . : / -");
        refused(ErrorCode::InvalidRoom, message)
    }
}

fn check_event(event: &str) -> Result<(), Refused> {
    if event.starts_with(OWN) {
        return refused(ErrorCode::NotAllowed, format!("events whose names begin with {OWN} are said by servers only"));
    }
    if (1..=MAX_EVENT_BYTES).contains(&event.len()) {
        return Ok(());
    }
    refused(ErrorCode::InvalidRoom, format!("an \"event\" has 1 to {MAX_EVENT_BYTES} bytes"))
}

pub(super) fn from(principal: &Principal) -> From {
    From { id: principal.id(), name: principal.name.to_string(), session: None }
}

pub(super) fn bounded(value: &Value, most: usize, what: &str) -> Result<Box<RawValue>, Refused> {
    match to_raw_value(value) {
        Ok(text) if text.get().len() <= most => Ok(text),
        _ => refused(ErrorCode::PayloadTooLarge, format!("a {what} has at most {most} bytes of JSON")),
    }
}
