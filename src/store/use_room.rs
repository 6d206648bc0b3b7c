//! The one call that a component makes to be in a room: who is there and what is said, as signals.

use super::{
    Connection, SubscriptionError,
    rooms::{Occupant, RoomEvent, RoomMessage, RoomSink, RoomStatus},
    use_connection,
};
use crate::protocol::Subscribe;
use leptos::prelude::*;
use serde::Serialize;
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc};

/// Messages of a room that are kept for those who look at them later.
pub const KEPT_MESSAGES: usize = 200;

/// Messages with their numbers.
type Messages = VecDeque<(u64, RoomMessage)>;

/// The signals of a room.
#[derive(Clone)]
struct Signals {
    status: ArcRwSignal<RoomStatus>,
    own: ArcRwSignal<String>,
    members: ArcRwSignal<Vec<Occupant>>,
    messages: ArcRwSignal<Messages>,
    missed: ArcRwSignal<u64>,
    refused: ArcRwSignal<Option<SubscriptionError>>,
    history: ArcRwSignal<Option<Subscribe>>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            status: ArcRwSignal::new(RoomStatus::Joining),
            own: ArcRwSignal::new(String::new()),
            members: ArcRwSignal::new(Vec::new()),
            messages: ArcRwSignal::new(Messages::new()),
            missed: ArcRwSignal::new(0),
            refused: ArcRwSignal::new(None),
            history: ArcRwSignal::new(None),
        }
    }
}

impl RoomSink for Signals {
    fn hear(&mut self, event: RoomEvent<'_>) {
        match event {
            RoomEvent::Status(status) => self.status.set(status.clone()),
            RoomEvent::Occupants { own, occupants } => {
                if self.own.with_untracked(|now| now != own) {
                    self.own.set(own.to_owned());
                }
                self.members.set(occupants.values().cloned().collect());
            }
            RoomEvent::Message(message) => self.messages.update(|messages| {
                let number = messages.back().map_or(0, |(number, _)| number + 1);
                messages.push_back((number, message.clone()));
                if messages.len() > KEPT_MESSAGES {
                    messages.pop_front();
                }
            }),
            RoomEvent::Missed => self.missed.update(|missed| *missed += 1),
            RoomEvent::Refused(error) => self.refused.set(Some(error.clone())),
            RoomEvent::History(question) => self.history.set(Some(question.clone())),
        }
    }
}

struct Inner {
    connection: Connection,
    name: String,
    signals: Signals,
}

/// A room for as long as the component lives that called [`use_room`]. Copies are the same.
#[derive(Clone, Copy)]
pub struct LiveRoom {
    inner: StoredValue<Arc<Inner>>,
}

/// Is in a room for as long as the calling component lives; `state` is what the others see of this page. See
/// [the module](super) for a tour.
///
/// On the server nobody is in any room: the page is rendered with no members, and joins in the browser. A connection that
/// is lost joins again by itself, and the others do not see it go, if it is not away for long.
pub fn use_room(name: impl Into<String>, state: impl Serialize) -> LiveRoom {
    let (connection, name, signals) = (use_connection(), name.into(), Signals::default());
    let state = to_value(state);
    let inner = Arc::new(Inner { connection, name, signals });
    let joined = StoredValue::new(None);
    // Effects run in the browser only.
    let joins = inner.clone();
    Effect::new(move || {
        if joined.get_value().is_none() {
            let sink = Box::new(joins.signals.clone());
            joined.set_value(Some(joins.connection.join(&joins.name, state.clone(), sink)));
        }
    });
    let leaves = inner.clone();
    on_cleanup(move || {
        if let Some(Some(id)) = joined.try_get_value() {
            leaves.connection.leave(&leaves.name, id);
        }
    });
    LiveRoom { inner: StoredValue::new(inner) }
}

impl LiveRoom {
    fn inner(&self) -> Arc<Inner> {
        self.inner.get_value()
    }

    /// Whether this page is in the room. Tracked.
    pub fn status(&self) -> RoomStatus {
        self.inner().signals.status.get()
    }

    /// Why not, or why the last thing that was said was not. Tracked.
    pub fn error(&self) -> Option<SubscriptionError> {
        match self.status() {
            RoomStatus::Refused(error) => Some(error),
            RoomStatus::Joining | RoomStatus::Joined => self.inner().signals.refused.get(),
        }
    }

    /// Everybody who is there, this page too; while it is not connected, whoever was. Tracked.
    pub fn members(&self) -> Vec<Occupant> {
        self.inner().signals.members.get()
    }

    /// What this page is called in the room; empty until it is there. Tracked.
    pub fn own_session(&self) -> String {
        self.inner().signals.own.get()
    }

    /// The last [`KEPT_MESSAGES`] that were said since the component is there. Tracked.
    pub fn messages(&self) -> Vec<RoomMessage> {
        self.inner().signals.messages.with(|messages| messages.iter().map(|(_, message)| message.clone()).collect())
    }

    /// Calls `act` with each message that comes from now on, as long as the calling component lives.
    pub fn on_message(&self, act: impl Fn(&RoomMessage) + Send + Sync + 'static) {
        let messages = self.inner().signals.messages.clone();
        let first = messages.with_untracked(|messages| messages.back().map_or(0, |(number, _)| number + 1));
        Effect::new(move |next: Option<u64>| {
            let next = next.unwrap_or(first);
            let new: Messages =
                messages.with(|messages| messages.iter().filter(|(number, _)| *number >= next).cloned().collect());
            new.iter().for_each(|(_, message)| untrack(|| act(message)));
            new.back().map_or(next, |(number, _)| number + 1)
        });
    }

    /// How often something that was said did not arrive, because this page read too slowly. Tracked.
    pub fn missed(&self) -> u64 {
        self.inner().signals.missed.get()
    }

    /// The question that tells what was said before, if the room has one. Tracked.
    pub fn history(&self) -> Option<Subscribe> {
        self.inner().signals.history.get()
    }

    /// Changes what the others see of this page.
    pub fn set_state(&self, state: impl Serialize) {
        let inner = self.inner();
        inner.connection.set_state(&inner.name, to_value(state));
    }

    /// Says something to the others in the room. False if there is no connection: it is not said later.
    pub fn publish(&self, event: &str, payload: impl Serialize) -> bool {
        let inner = self.inner();
        inner.connection.publish(&inner.name, event, to_value(payload), false)
    }

    /// The same, and this page hears it, too, when the server has it.
    pub fn publish_with_echo(&self, event: &str, payload: impl Serialize) -> bool {
        let inner = self.inner();
        inner.connection.publish(&inner.name, event, to_value(payload), true)
    }
}

/// What JSON cannot say is nothing.
fn to_value(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::provide_connection;

    const JOINED: &str =
        r#"{"type":"joined","room":"chat","session":"s","members":[{"session":"s","name":"Ann","state":1}]}"#;

    #[test]
    fn a_room_is_signals_of_who_is_there_and_what_is_said() {
        let owner = Owner::new();
        owner.with(|| {
            let connection = provide_connection();
            let room = use_room("chat", 1);
            assert_eq!((room.members(), room.status()), (Vec::new(), RoomStatus::Joining), "as a server renders it");
            assert!(!room.publish("line", "hello"), "nobody is connected");
            // Effects do not run here: as they would.
            let inner = room.inner();
            let id = connection.join("chat", Value::from(1), Box::new(inner.signals.clone()));
            connection.replica().opened();
            connection.receive(JOINED);
            assert_eq!((room.members().len(), room.status()), (1, RoomStatus::Joined));
            assert_eq!((room.own_session(), room.members()[0].name.clone()), ("s".to_owned(), "Ann".to_owned()));
            for number in 0..KEPT_MESSAGES + 1 {
                connection.receive(&format!(
                    r#"{{"type":"message","room":"chat","from":{{"name":""}},"event":"e","payload":{number}}}"#
                ));
            }
            let messages = room.messages();
            assert_eq!((messages.len(), &messages[0].payload), (KEPT_MESSAGES, &Value::from(1)));
            assert!(room.publish("line", "hello"));
            connection.receive(r#"{"type":"error","code":"rate_limited","message":"m","room":"chat","ref":"publish"}"#);
            assert_eq!(room.error().map(|error| error.message), Some("m".to_owned()));
            connection.leave("chat", id);
        });
    }

    #[test]
    fn what_is_said_to_a_person_and_whether_others_are_heard_are_the_connections() {
        let owner = Owner::new();
        owner.with(|| {
            let connection = provide_connection();
            assert_eq!(connection.nodes(), None);
            connection.receive(r#"{"type":"nodes","connected":false}"#);
            assert_eq!(connection.nodes(), Some(false));
            connection.receive(r#"{"type":"direct","from":{"id":"5","name":"Ann"},"event":"nudge","payload":{}}"#);
            assert_eq!(connection.said().len(), 1);
        });
    }
}
