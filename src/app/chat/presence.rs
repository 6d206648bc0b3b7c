//! Who else has the conversation open, and who is typing.
//!
//! In a room of those who work here everybody is in a room of the engine's of the same number. A private conversation has none, for no rule
//! could keep others out of it: its two pages tell each other directly, from time to time, that they are there.

use super::me::Me;
use crate::{
    app::{clock::use_clock, company::Company, fresh},
    store::{Connection, LiveRoom, Status, use_connection, use_room},
};
use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// What is said directly.
const EVENT: &str = "chat";
/// How often a page says that it is there.
const BEAT: Duration = Duration::from_secs(20);
/// For how long that is believed, in milliseconds.
const BELIEVED: i64 = 45_000;
/// How long after the last key somebody is not typing any more.
const IDLE: Duration = Duration::from_secs(4);
/// For how long it is believed that somebody types of whom nothing is heard, in milliseconds.
const TYPES: i64 = 10_000;

/// What one page says to the other of a private conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    chat: i64,
    here: bool,
    typing: bool,
    /// Whether the other one shall say the same of itself.
    #[serde(default)]
    ask: bool,
    /// Tells what is said again from what was heard before.
    n: i64,
}

/// What was heard of the other one.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    name: String,
    told: Told,
    at: i64,
}

/// The copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Presence {
    me: Me,
    way: Way,
    connection: StoredValue<Connection>,
    typing: RwSignal<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

#[derive(Clone, Copy)]
enum Way {
    Room(LiveRoom),
    Direct { chat: i64, other: i64, heard: RwSignal<Option<Heard>> },
}

/// Is there as long as the calling component lives. `other`: the other one, if the conversation is private.
pub(super) fn use_presence(chat: i64, other: Option<i64>, me: Me) -> Presence {
    let way = match other {
        None => Way::Room(use_room(format!("chat:{chat}"), json!({ "typing": false }))),
        Some(other) => Way::Direct { chat, other, heard: RwSignal::new(None) },
    };
    let connection = StoredValue::new(use_connection());
    let presence = Presence { me, way, connection, typing: RwSignal::new(false), timer: StoredValue::new(None) };
    if let Way::Direct { chat, other, heard } = way {
        listen(presence, chat, other, heard);
    }
    // Others are told when it begins and when it ends.
    Effect::new(move |before: Option<bool>| {
        let typing = presence.typing.get();
        if before.is_some_and(|before| before != typing) {
            match presence.way {
                Way::Room(room) => room.set_state(json!({ "typing": typing })),
                Way::Direct { .. } => presence.tell(true, false),
            }
        }
        typing
    });
    on_cleanup(move || presence.hold());
    presence
}

/// Hears the other one of a private conversation, and tells them that this page is there.
fn listen(presence: Presence, chat: i64, other: i64, heard: RwSignal<Option<Heard>>) {
    let connection = use_connection();
    let is_live = {
        let connection = connection.clone();
        Memo::new(move |_| matches!(connection.status(), Status::Live))
    };
    Effect::new(move || {
        if is_live.get() {
            presence.tell(true, true);
        }
    });
    Effect::new(move || {
        let said = connection.said();
        let told =
            said.iter().rev().filter(|said| said.event == EVENT && said.user.as_deref() == Some(&*other.to_string()));
        let newest = told
            .filter_map(|said| Some((said.name.clone(), serde_json::from_value::<Told>(said.payload.clone()).ok()?)))
            .find(|(_, told)| told.chat == chat);
        let Some((name, told)) = newest else { return };
        let is_new = heard.with_untracked(|heard| heard.as_ref().is_none_or(|heard| heard.told != told));
        if is_new {
            if told.ask {
                presence.tell(true, false);
            }
            heard.set(Some(Heard { name, told, at: fresh::millis() }));
        }
    });
    Effect::new(move || {
        let beating = set_interval_with_handle(move || presence.tell(true, false), BEAT);
        on_cleanup(move || beating.into_iter().for_each(|beating| beating.clear()));
    });
    // A page that is left says so while it still can.
    Effect::new(move || {
        let leaving = window_event_listener(ev::beforeunload, move |_| presence.tell(false, false));
        on_cleanup(move || leaving.remove());
    });
    let leaves = use_connection();
    on_cleanup(move || {
        let told = Told { chat, here: false, typing: false, ask: false, n: fresh::millis() };
        leaves.direct(&other.to_string(), EVENT, json!(told));
    });
}

impl Presence {
    fn tell(self, here: bool, ask: bool) {
        let (Way::Direct { chat, other, .. }, Some(typing)) = (self.way, self.typing.try_get_untracked()) else {
            return;
        };
        let told = Told { chat, here, typing, ask, n: fresh::millis() };
        // Not once the page is left.
        let _ = self.connection.try_with_value(|connection| connection.direct(&other.to_string(), EVENT, json!(told)));
    }

    fn hold(self) {
        if let Some(Some(timer)) = self.timer.try_get_value() {
            timer.clear();
        }
    }

    /// Somebody pressed a key, and there is something.
    pub(super) fn types(self) {
        self.hold();
        if !self.typing.get_untracked() {
            self.typing.set(true);
        }
        self.timer.set_value(set_timeout_with_handle(move || self.rests(), IDLE).ok());
    }

    /// There is nothing to be said any more, or it was said.
    pub(super) fn rests(self) {
        self.hold();
        if self.typing.try_get_untracked() == Some(true) {
            self.typing.set(false);
        }
    }

    /// The names of those who are typing, but for whoever looks. Tracked.
    pub(super) fn typing(self) -> Vec<String> {
        match self.way {
            Way::Room(room) => {
                let me = self.me.account.to_string();
                let types = |state: &serde_json::Value| state["typing"] == true;
                let others =
                    room.members().into_iter().filter(|one| types(&one.state) && one.user.as_ref() != Some(&me));
                let mut names: Vec<String> = others.map(|one| one.name).collect();
                names.sort();
                names.dedup();
                names
            }
            Way::Direct { heard, .. } => {
                let now = use_clock().fine();
                let types = |heard: &Heard| heard.told.typing && now.is_none_or(|now| now - heard.at < TYPES);
                heard.get().filter(types).map(|heard| heard.name).into_iter().collect()
            }
        }
    }
}

/// Who is there: faces in a room, a word about the other one of two.
#[component]
pub(super) fn Present(presence: Presence) -> impl IntoView {
    match presence.way {
        Way::Room(room) => view! { <Company room /> }.into_any(),
        Way::Direct { heard, .. } => {
            let clock = use_clock();
            let is_here = Memo::new(move |_| {
                let now = clock.fine();
                heard.with(|heard| {
                    heard
                        .as_ref()
                        .is_some_and(|heard| heard.told.here && now.is_none_or(|now| now - heard.at < BELIEVED))
                })
            });
            view! {
                <p class="chat-here" class:away=move || !is_here.get()>
                    {move || if is_here.get() { "Here now" } else { "" }}
                </p>
            }
            .into_any()
        }
    }
}
