//! The rooms of one connection: which frame belongs to which, who is there, what is asked again after a reconnect.
//!
//! Pure: frames in, frames out. Several parts of a page may be in the same room: the server sees them as one.
//!
//! Invariant: whom a room shows is what the server said last, whole lists and differences in their order; while the
//! connection is away it shows whom it showed, and says so.

use super::SubscriptionError;
use crate::protocol::{ClientFrame, ErrorCode, Present, Sender, Subscribe};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap};

/// What a join is answered with; other frames about rooms are answered with their own names.
const JOIN: &str = "join";
const STATE: &str = "state";
const PUBLISH: &str = "publish";

/// Somebody in a room: one page of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupant {
    /// What the page is called in this room. Stays over reconnects.
    pub session: String,
    /// The person's id, if they have one.
    pub user: Option<String>,
    /// The person's name; empty for nobody in particular.
    pub name: String,
    /// What the page says of itself.
    pub state: Value,
}

/// What was said in a room.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomMessage {
    /// The id of whoever said it, if they have one.
    pub user: Option<String>,
    /// Their name.
    pub name: String,
    /// Their page.
    pub session: Option<String>,
    /// What kind of thing.
    pub event: String,
    /// What was said.
    pub payload: Value,
}

/// How a page stands in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomStatus {
    /// Not there yet, or again on the way; whoever is shown was there before.
    Joining,
    /// There.
    Joined,
    /// The server does not let it in.
    Refused(SubscriptionError),
}

/// What a room is told.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomEvent<'a> {
    /// How the page stands.
    Status(&'a RoomStatus),
    /// Everybody who is there now, by what they are called.
    Occupants {
        /// What this page is called.
        own: &'a str,
        /// All of them.
        occupants: &'a BTreeMap<String, Occupant>,
    },
    /// Something was said.
    Message(&'a RoomMessage),
    /// Something that was said did not arrive.
    Missed,
    /// Something that this page said was refused.
    Refused(&'a SubscriptionError),
    /// What to ask for what was said before.
    History(&'a Subscribe),
}

/// Where the events of a room go.
pub trait RoomSink: Send {
    /// Takes an event.
    fn hear(&mut self, event: RoomEvent<'_>);
}

struct Seat {
    state: Value,
    own: String,
    occupants: BTreeMap<String, Occupant>,
    /// A whole list of which more is to come.
    partial: BTreeMap<String, Occupant>,
    status: RoomStatus,
    history: Option<Subscribe>,
    sinks: BTreeMap<u64, Box<dyn RoomSink>>,
}

impl Seat {
    fn tell(&mut self, event: &RoomEvent<'_>) {
        self.sinks.values_mut().for_each(|sink| sink.hear(event.clone()));
    }

    fn enter(&mut self, status: RoomStatus) {
        if self.status != status {
            self.status = status.clone();
            self.tell(&RoomEvent::Status(&status));
        }
    }

    fn show(&mut self) {
        let event = RoomEvent::Occupants { own: &self.own, occupants: &self.occupants };
        self.sinks.values_mut().for_each(|sink| sink.hear(event.clone()));
    }
}

/// All rooms of a connection.
#[derive(Default)]
pub(super) struct Rooms {
    seats: BTreeMap<String, Seat>,
    client: Option<String>,
    next: u64,
    connected: bool,
}

impl Rooms {
    /// A name that nobody else can know, by which the server knows this page again.
    pub fn set_client(&mut self, client: String) {
        self.client = Some(client);
    }

    /// One more part of the page is in a room. Returns its number and, while connected and if it is the first, the frame to
    /// send. All parts show the same state: that of the last.
    pub fn join(&mut self, room: &str, state: Value, mut sink: Box<dyn RoomSink>) -> (u64, Option<String>) {
        self.next += 1;
        let id = self.next;
        let is_new = !self.seats.contains_key(room);
        let seat = self.seats.entry(room.to_owned()).or_insert_with(|| Seat {
            state: Value::Null,
            own: String::new(),
            occupants: BTreeMap::new(),
            partial: BTreeMap::new(),
            status: RoomStatus::Joining,
            history: None,
            sinks: BTreeMap::new(),
        });
        let same = seat.state == state;
        seat.state = state;
        // What the others know already.
        sink.hear(RoomEvent::Status(&seat.status));
        sink.hear(RoomEvent::Occupants { own: &seat.own, occupants: &seat.occupants });
        if let Some(history) = &seat.history {
            sink.hear(RoomEvent::History(history));
        }
        seat.sinks.insert(id, sink);
        let frame = match (is_new, same) {
            (true, _) => Some(self.join_frame(room)),
            (false, true) => None,
            (false, false) => Some(self.state_frame(room)),
        };
        (id, frame.filter(|_| self.connected))
    }

    /// One part less. The last one leaves the room: returns the frame to send while connected.
    pub fn leave(&mut self, room: &str, id: u64) -> Option<String> {
        let seat = self.seats.get_mut(room)?;
        seat.sinks.remove(&id);
        if !seat.sinks.is_empty() {
            return None;
        }
        let seat = self.seats.remove(room)?;
        let is_there = !matches!(seat.status, RoomStatus::Refused(_));
        (self.connected && is_there).then(|| write(&ClientFrame::Leave { room: room.to_owned(), r#ref: None }))
    }

    /// Changes what the others see. Returns the frame to send while connected.
    pub fn set_state(&mut self, room: &str, state: Value) -> Option<String> {
        let seat = self.seats.get_mut(room).filter(|seat| seat.state != state)?;
        seat.state = state;
        self.connected.then(|| self.state_frame(room))
    }

    /// Says something. Returns the frame to send, or nothing while not connected: it would be old when it came.
    pub fn publish(&self, room: &str, event: &str, payload: Value, echo: bool) -> Option<String> {
        let there = self.connected && self.seats.contains_key(room);
        there.then(|| {
            let (room, event, r#ref) = (room.to_owned(), event.to_owned(), Some(PUBLISH.to_owned()));
            write(&ClientFrame::Publish { room, event, payload, echo, r#ref })
        })
    }

    /// The socket is open. Returns the frames to send.
    pub fn opened(&mut self) -> Vec<String> {
        self.connected = true;
        self.seats.keys().map(|room| self.join_frame(room)).collect()
    }

    /// The socket is gone.
    pub fn closed(&mut self) {
        self.connected = false;
        for seat in self.seats.values_mut() {
            seat.partial.clear();
            seat.enter(RoomStatus::Joining);
        }
    }

    /// Where a refusal may have gone away meanwhile, asks again.
    pub fn ask_again(&mut self) -> Vec<String> {
        let again = |seat: &Seat| {
            matches!(&seat.status, RoomStatus::Refused(error) if matches!(
                error.code,
                ErrorCode::UnknownRoom | ErrorCode::RoomFull | ErrorCode::RateLimited | ErrorCode::TooManyRooms
            ))
        };
        self.seats.iter().filter(|(_, seat)| again(seat)).map(|(room, _)| self.join_frame(room)).collect()
    }

    /// Everybody who is there, or a part of them.
    pub fn joined(
        &mut self,
        room: &str,
        session: &str,
        members: &[Present<'_>],
        more: bool,
        history: Option<&RawValue>,
    ) {
        let Some(seat) = self.seats.get_mut(room) else { return };
        seat.partial.extend(members.iter().map(occupant));
        if more {
            return;
        }
        seat.occupants = std::mem::take(&mut seat.partial);
        seat.own = session.to_owned();
        seat.show();
        seat.enter(RoomStatus::Joined);
        let history = history.and_then(|question| read_history(question.get()));
        if let Some(history) = history.filter(|history| seat.history.as_ref() != Some(history)) {
            seat.history = Some(history.clone());
            seat.tell(&RoomEvent::History(&history));
        }
    }

    /// Who came, changed and went.
    pub fn presence<'a>(
        &mut self,
        room: &str,
        joins: &[Present<'_>],
        updates: impl Iterator<Item = (&'a str, &'a RawValue)>,
        leaves: &[Cow<'_, str>],
    ) {
        let Some(seat) = self.seats.get_mut(room) else { return };
        seat.occupants.extend(joins.iter().map(occupant));
        for (session, state) in updates {
            if let Some(occupant) = seat.occupants.get_mut(session) {
                occupant.state = read(state);
            }
        }
        for session in leaves {
            seat.occupants.remove(&**session);
        }
        seat.show();
    }

    /// Something was said.
    pub fn message(&mut self, room: &str, from: &Sender<'_>, event: &str, payload: &RawValue) {
        let Some(seat) = self.seats.get_mut(room) else { return };
        seat.tell(&RoomEvent::Message(&said(from, event, payload)));
    }

    /// Something that was said did not arrive.
    pub fn missed(&mut self, room: &str) {
        if let Some(seat) = self.seats.get_mut(room) {
            seat.partial.clear();
            seat.tell(&RoomEvent::Missed);
        }
    }

    /// Something about a room was refused.
    pub fn refused(&mut self, room: &str, answered: Option<&str>, error: SubscriptionError) {
        let Some(seat) = self.seats.get_mut(room) else { return };
        if matches!(answered, Some(JOIN) | None) {
            seat.occupants.clear();
            seat.partial.clear();
            seat.show();
            seat.enter(RoomStatus::Refused(error));
        } else {
            seat.tell(&RoomEvent::Refused(&error));
        }
    }

    fn join_frame(&self, room: &str) -> String {
        let state = self.seats.get(room).map(|seat| seat.state.clone()).filter(|state| !state.is_null());
        let (client, r#ref) = (self.client.clone(), Some(JOIN.to_owned()));
        write(&ClientFrame::Join { room: room.to_owned(), state, client, r#ref })
    }

    fn state_frame(&self, room: &str) -> String {
        let state = self.seats.get(room).map_or(Value::Null, |seat| seat.state.clone());
        write(&ClientFrame::State { room: room.to_owned(), state, r#ref: Some(STATE.to_owned()) })
    }
}

/// Something that was said, as a page takes it.
pub(super) fn said(from: &Sender<'_>, event: &str, payload: &RawValue) -> RoomMessage {
    RoomMessage {
        user: from.id.as_deref().map(str::to_owned),
        name: from.name.to_string(),
        session: from.session.as_deref().map(str::to_owned),
        event: event.to_owned(),
        payload: read(payload),
    }
}

fn occupant(present: &Present<'_>) -> (String, Occupant) {
    let occupant = Occupant {
        session: present.session.to_string(),
        user: present.user.as_deref().map(str::to_owned),
        name: present.name.to_string(),
        state: read(present.state),
    };
    (occupant.session.clone(), occupant)
}

/// It was read as JSON once already.
fn read(value: &RawValue) -> Value {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// A `subscribe` without its id.
fn read_history(text: &str) -> Option<Subscribe> {
    let mut question: Value = serde_json::from_str(text).ok()?;
    question.as_object_mut()?.insert("id".to_owned(), Value::String(String::new()));
    serde_json::from_value(question).ok()
}

fn write(frame: &ClientFrame) -> String {
    serde_json::to_string(frame).expect("a frame of words and JSON values")
}

#[cfg(test)]
#[path = "rooms_tests.rs"]
mod tests;
