//! Rooms in the hub: what sessions do there, and how what is told reaches their outboxes.

use super::{Hub, Session, State};
use crate::hub::{
    Delivery, Frame, Principal,
    rooms::{Effect, Reached, Refused, Rights, RoomCounters, Target},
};
use crate::protocol::CloseCode;
use serde_json::Value;

impl Hub {
    /// These rules say who may join and publish where. Whoever lost a right is out of the room when this returns.
    pub fn set_room_rights(&self, rights: Rights) {
        self.of_rooms(|state| state.rooms.set_rights(rights));
    }

    /// Lets time pass in rooms, in milliseconds since any moment.
    pub fn tick_rooms(&self, now: u64) {
        self.of_rooms(|state| state.rooms.tick(now));
    }

    /// Other nodes can be heard, or not, or there are none.
    pub fn set_nodes_connected(&self, connected: Option<bool>) {
        self.of_rooms(|state| state.rooms.set_connected(connected));
    }

    /// Whether other nodes can be heard; unknown where there are none.
    pub fn nodes_connected(&self) -> Option<bool> {
        self.lock().rooms.connected()
    }

    /// Hears a word of another node. `now` is as in [`tick_rooms`](Self::tick_rooms).
    pub fn hear_node(&self, word: &[u8], now: u64) {
        self.of_rooms(|state| state.rooms.hear(word, now));
    }

    /// Counts what was said among the nodes and is no word, because it is too long.
    pub fn refuse_word(&self) {
        self.lock().rooms.refuse_word();
    }

    /// The next word for the other nodes, if there is one.
    pub fn take_word(&self) -> Option<String> {
        self.lock().rooms.take_outgoing()
    }

    /// Resolves when something was done in rooms since the last time: there may be words, and a tick may be wanted.
    pub async fn rooms_stirred(&self) {
        self.stirred.notified().await;
    }

    /// Whether changes of rooms wait for a tick.
    pub fn wants_tick(&self) -> bool {
        self.lock().rooms.is_stirred()
    }

    /// What was lost between nodes.
    pub fn room_counters(&self) -> RoomCounters {
        self.lock().rooms.counters()
    }

    /// What this server is called among the others: another name each time that it starts.
    pub fn node(&self) -> String {
        self.lock().rooms.node().to_owned()
    }

    /// How many sessions of this server are in a room, and whether anybody is, on any of them.
    pub fn attended(&self, room: &str) -> (usize, bool) {
        self.lock().rooms.attended(room)
    }

    /// The server says something in one of its own rooms, on all servers.
    ///
    /// # Errors
    /// It is too long.
    pub fn announce(&self, room: &str, event: &str, payload: &Value) -> Result<(), Refused> {
        self.of_rooms(|state| state.rooms.announce(room, event, payload))
    }

    /// The server says to everybody what somebody has to say, who is known to be allowed to. Returns to how many sessions of this server
    /// it went.
    ///
    /// # Errors
    /// It is too long.
    pub fn proclaim(&self, by: &Principal, event: &str, payload: &Value) -> Result<usize, Refused> {
        self.of_rooms(|state| state.rooms.proclaim(by, event, payload))
    }

    /// The server says to one session of any server what somebody has to say, who is known to be allowed to.
    ///
    /// # Errors
    /// It is too long.
    pub fn tell_session(
        &self,
        target: &Target,
        by: &Principal,
        event: &str,
        payload: &Value,
    ) -> Result<Reached, Refused> {
        self.of_rooms(|state| state.rooms.tell_session(target, by, event, payload))
    }

    /// What would become of doing something to a session.
    pub fn reach_session(&self, target: &Target) -> Reached {
        self.lock().rooms.reach(target)
    }

    /// Ends one session of any server. Its page may come back.
    pub fn end_session(&self, target: &Target) -> Reached {
        self.of_rooms(|state| state.rooms.end_session(target))
    }

    fn of_rooms<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state);
        state.apply_rooms();
        drop(state);
        self.stirred.notify_one();
        result
    }
}

impl State {
    /// Hands to the outboxes what is to be told.
    pub(super) fn apply_rooms(&mut self) {
        for effect in self.rooms.take_effects() {
            match effect {
                Effect::Tell { sessions, room, frame } => {
                    let frame = frame.clone().weighed(&self.meter);
                    for session in sessions {
                        if let Some(own) = self.sessions.get_mut(&session) {
                            own.outbox.tell(room.clone(), frame.clone());
                        }
                    }
                }
                Effect::Insist { session, frame } => {
                    if let Some(own) = self.sessions.get_mut(&session) {
                        own.outbox.push(Delivery { frames: [frame].into(), position: None, pinned: true });
                    }
                }
                Effect::Close { session } => self.close(session, CloseCode::GoingAway),
                Effect::Forget { session, room } => {
                    if let Some(own) = self.sessions.get_mut(&session) {
                        own.outbox.forget(&room);
                    }
                }
            }
        }
        self.relieve();
    }
}

impl Session {
    /// Joins a room, or starts over in it. Returns the frames that say who is there, to be sent before anything else that is
    /// taken from here.
    ///
    /// # Errors
    /// It may not, or there is no place; see [`Refused`].
    pub fn join(&self, room: &str, state: Option<&Value>, client: Option<&str>) -> Result<Vec<Frame>, Refused> {
        self.hub.of_rooms(|hub| hub.rooms.join(self.id, room, state, client))
    }

    /// Changes what the others in a room see of it.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn set_state(&self, room: &str, state: &Value) -> Result<(), Refused> {
        self.hub.of_rooms(|hub| hub.rooms.set_state(self.id, room, state))
    }

    /// Leaves a room. What waits about it is forgotten.
    ///
    /// # Errors
    /// It was not joined.
    pub fn leave(&self, room: &str) -> Result<(), Refused> {
        self.hub.of_rooms(|hub| hub.rooms.leave(self.id, room))
    }

    /// Says something to the others in a room, with `echo` to this session, too. Returns to how many sessions of this node
    /// it went.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn publish(&self, room: &str, event: &str, payload: &Value, echo: bool) -> Result<usize, Refused> {
        self.hub.of_rooms(|hub| hub.rooms.say(self.id, room, event, payload, echo))
    }

    /// Says something to one person. Returns to how many sessions of this node it went.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn direct(&self, to: &str, event: &str, payload: &Value) -> Result<usize, Refused> {
        self.hub.of_rooms(|hub| hub.rooms.direct(self.id, to, event, payload))
    }

    /// Says something to everybody. Returns to how many sessions of this node it went.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn broadcast(&self, event: &str, payload: &Value) -> Result<usize, Refused> {
        self.hub.of_rooms(|hub| hub.rooms.broadcast(self.id, event, payload))
    }

    /// Says goodbye: its pages are in no room any more, at once. Without it, a session that ends was lost, and its pages
    /// stay for a moment in which they may come back.
    pub fn depart(&self) {
        self.hub.of_rooms(|hub| hub.rooms.closed(self.id, false));
    }
}
