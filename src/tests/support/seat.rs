//! What a client sees of a room.

use super::Client;
use rowcast::store::{Occupant, RoomEvent, RoomMessage, RoomSink, RoomStatus};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

#[derive(Clone, Default)]
pub struct Seat(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    occupants: BTreeMap<String, Occupant>,
    messages: Vec<RoomMessage>,
    status: Option<RoomStatus>,
    missed: usize,
    history: bool,
    /// The fewest who were there since this was asked last.
    fewest: usize,
}

impl RoomSink for Seat {
    fn hear(&mut self, event: RoomEvent<'_>) {
        let mut seen = self.0.lock().expect("lock");
        match event {
            RoomEvent::Status(status) => seen.status = Some(status.clone()),
            RoomEvent::Occupants { occupants, .. } => {
                seen.occupants = occupants.clone();
                seen.fewest = seen.fewest.min(occupants.len());
            }
            RoomEvent::Message(message) => seen.messages.push(message.clone()),
            RoomEvent::Missed => seen.missed += 1,
            RoomEvent::Refused(_) => {}
            RoomEvent::History(_) => seen.history = true,
        }
    }
}

impl Seat {
    /// The states of all who are there, in no order that means anything.
    pub fn states(&self) -> Vec<String> {
        let mut states: Vec<String> =
            self.0.lock().expect("lock").occupants.values().map(|one| one.state.to_string()).collect();
        states.sort();
        states
    }

    pub fn count(&self) -> usize {
        self.0.lock().expect("lock").occupants.len()
    }

    pub fn messages(&self) -> Vec<Value> {
        self.0.lock().expect("lock").messages.iter().map(|message| message.payload.clone()).collect()
    }

    pub fn is_joined(&self) -> bool {
        self.0.lock().expect("lock").status == Some(RoomStatus::Joined)
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.0.lock().expect("lock").status, Some(RoomStatus::Refused(_)))
    }

    pub fn missed(&self) -> usize {
        self.0.lock().expect("lock").missed
    }

    pub fn has_history(&self) -> bool {
        self.0.lock().expect("lock").history
    }

    /// From now on, remembers how few there were.
    pub fn watch(&self) {
        let mut seen = self.0.lock().expect("lock");
        seen.fewest = seen.occupants.len();
    }

    /// The fewest who were there since [`watch`](Self::watch).
    pub fn fewest(&self) -> usize {
        self.0.lock().expect("lock").fewest
    }
}

impl Client {
    /// Joins a room, and waits until it is in.
    pub async fn join(&mut self, room: &str, state: Value) -> Seat {
        let seat = self.ask_to_join(room, state).await;
        self.until("it is in the room", |_| seat.is_joined()).await;
        seat
    }

    pub async fn ask_to_join(&mut self, room: &str, state: Value) -> Seat {
        let seat = Seat::default();
        let (_, frame) = self.replica.join(room, state, Box::new(seat.clone()));
        if let Some(frame) = frame {
            self.say(frame).await;
        }
        seat
    }

    pub async fn set_state(&mut self, room: &str, state: Value) {
        if let Some(frame) = self.replica.set_state(room, state) {
            self.say(frame).await;
        }
    }

    /// Says something in a room.
    pub async fn publish(&mut self, room: &str, payload: Value) {
        let frame = self.replica.publish(room, "line", payload, false).expect("is connected");
        self.say(frame).await;
    }
}
