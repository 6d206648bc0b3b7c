//! Messages that wait to be sent, of this browser and this account, on whichever page it is: kept where they outlive the page, sent one after
//! the other when there is a connection, each under its key, so that each is stored once however often it was sent.
//!
//! All tabs of an account have the same queue. Two that send the same message at once send it under the same key.

use super::{
    actions::{Answer, send_message},
    me::use_me,
};
use crate::{
    app::{
        fresh,
        storage::{store_word, stored_word},
    },
    chat::{
        Done, Refusal,
        unsent::{Queue, Unsent},
    },
    identity::paths,
    store::{Status, use_connection},
};
use leptos::{ev, prelude::*, task::spawn_local};
use std::time::Duration;

/// How long the server may take to answer before a message is sent again.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long after that, or after a server that did not answer, it is sent again.
const AGAIN: Duration = Duration::from_secs(4);
/// Most messages of which the answer has come and the row has not.
const MAX_LANDED: usize = 100;

/// For the whole app. The copies are the same.
#[derive(Clone, Copy)]
pub(in crate::app) struct Outbox {
    account: i64,
    queue: RwSignal<Queue>,
    /// Stored, but perhaps not shown yet.
    landed: RwSignal<Vec<Unsent>>,
    /// The key of the message that is on its way.
    flying: RwSignal<Option<String>>,
    /// Why the next one has to wait.
    trouble: RwSignal<Option<&'static str>>,
    attempt: StoredValue<u64>,
    is_away: Memo<bool>,
}

/// How a message that is not shown as a row yet stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// On its way, or stored a moment ago.
    Sending,
    /// It waits for a connection.
    Away,
    /// It waits, because the last time it did not arrive.
    Waiting(&'static str),
    /// It was refused.
    Refused(Refusal),
}

/// Sends what waits, as long as the page is open. Only for those who have an account.
pub(in crate::app) fn provide_outbox() {
    let Some(me) = use_me() else { return };
    let connection = use_connection();
    let is_away = Memo::new(move |_| {
        matches!(connection.status(), Status::Waiting { .. } | Status::Connecting { offline_since: Some(_) })
    });
    let outbox = Outbox {
        account: me.account,
        queue: RwSignal::default(),
        landed: RwSignal::default(),
        flying: RwSignal::default(),
        trouble: RwSignal::default(),
        attempt: StoredValue::default(),
        is_away,
    };
    provide_context(outbox);
    // Effects run in the browser only.
    Effect::new(move || {
        outbox.look();
        let looking =
            window_event_listener(ev::Custom::<leptos::web_sys::Event>::new("storage"), move |_| outbox.look());
        on_cleanup(move || looking.remove());
    });
    Effect::new(move || {
        if !is_away.get() {
            outbox.trouble.set(None);
            untrack(|| outbox.send());
        }
    });
}

/// What [`provide_outbox`] has made; none for those without an account.
pub(super) fn use_outbox() -> Option<Outbox> {
    use_context()
}

impl Outbox {
    fn name(self) -> String {
        format!("rowcast-chat-unsent-{}", self.account)
    }

    /// Reads what is kept, which other tabs may have changed.
    fn look(self) {
        if let Some(kept) = stored_word(&self.name()) {
            let kept = Queue::of_text(&kept);
            if self.queue.with_untracked(|queue| *queue != kept) {
                self.queue.set(kept);
            }
        }
        self.send();
    }

    fn change<R>(self, change: impl FnOnce(&mut Queue) -> R) -> R {
        let kept = stored_word(&self.name()).map(|kept| Queue::of_text(&kept));
        let mut queue = kept.unwrap_or_else(|| self.queue.get_untracked());
        let result = change(&mut queue);
        store_word(&self.name(), &queue.to_text());
        self.queue.set(queue);
        result
    }

    /// Takes a message to be sent. False if too many wait already.
    pub(super) fn push(self, chat: i64, text: String) -> bool {
        let one = Unsent { chat, key: fresh::word(), text, at: fresh::millis(), refused: None };
        let fits = self.change(|queue| queue.push(one));
        self.send();
        fits
    }

    /// Sends it after all, and what waits before it.
    pub(super) fn retry(self, key: &str) {
        self.change(|queue| queue.retry(key));
        self.trouble.set(None);
        self.send();
    }

    /// It is not wanted any more.
    pub(super) fn discard(self, key: &str) {
        self.change(|queue| queue.remove(key));
        self.landed.update(|landed| landed.retain(|one| one.key != key));
        self.send();
    }

    /// Those of a conversation that are not shown as rows, in their order. Tracked.
    pub(super) fn of(self, chat: i64) -> Vec<Unsent> {
        let mut all: Vec<Unsent> =
            self.landed.with(|landed| landed.iter().filter(|one| one.chat == chat).cloned().collect());
        self.queue.with(|queue| all.extend(queue.of(chat).cloned()));
        all
    }

    /// These are shown as rows now.
    pub(super) fn seen(self, is_shown: impl Fn(&str) -> bool) {
        if self.landed.with_untracked(|landed| landed.iter().any(|one| is_shown(&one.key))) {
            self.landed.update(|landed| landed.retain(|one| !is_shown(&one.key)));
        }
    }

    /// How one of them stands. Tracked.
    pub(super) fn standing(self, one: &Unsent) -> Standing {
        let is_landed = self.landed.with(|landed| landed.iter().any(|other| other.key == one.key));
        let flies = self.flying.with(|flying| flying.as_ref() == Some(&one.key));
        match (one.refused, self.trouble.get()) {
            _ if is_landed => Standing::Sending,
            (Some(refusal), _) => Standing::Refused(refusal),
            (None, _) if self.is_away.get() => Standing::Away,
            (None, None) => Standing::Sending,
            (None, Some(_)) if flies => Standing::Sending,
            (None, Some(trouble)) => Standing::Waiting(trouble),
        }
    }

    /// Sends the next one, unless one is on its way.
    fn send(self) {
        if self.flying.with_untracked(Option::is_some)
            || self.is_away.get_untracked()
            || self.trouble.get_untracked().is_some()
        {
            return;
        }
        let Some(one) = self.queue.with_untracked(|queue| queue.next().cloned()) else { return };
        let attempt = self.attempt.get_value() + 1;
        self.attempt.set_value(attempt);
        self.flying.set(Some(one.key.clone()));
        let late = move || self.fell(attempt, "The server did not answer in time");
        set_timeout(late, PATIENCE);
        spawn_local(async move {
            let answer = send_message(one.chat, self.account, one.key.clone(), one.text.clone()).await;
            self.answered(attempt, one, answer);
        });
    }

    fn answered(self, attempt: u64, one: Unsent, answer: Result<Answer, ServerFnError>) {
        let outcome = match answer {
            Ok(outcome) => outcome,
            Err(error) => match refusal_in(&error.to_string()) {
                Some(refusal) => Err(refusal),
                None => return self.fell(attempt, "The server did not answer"),
            },
        };
        match outcome {
            Ok(Done { .. }) => {
                self.landed.update(|landed| {
                    landed.push(one.clone());
                    let surplus = landed.len().saturating_sub(MAX_LANDED);
                    landed.drain(..surplus);
                });
                self.change(|queue| queue.remove(&one.key));
            }
            Err(refusal) if refusal.passes() => return self.fell(attempt, refusal.reason()),
            Err(refusal) => self.change(|queue| queue.refuse(&one.key, refusal)),
        }
        if self.attempt.get_value() == attempt {
            self.flying.set(None);
            self.send();
        }
    }

    /// It did not arrive, as far as is known: it is sent again in a while.
    fn fell(self, attempt: u64, why: &'static str) {
        if self.attempt.get_value() != attempt || self.flying.with_untracked(Option::is_none) {
            return;
        }
        self.flying.set(None);
        self.trouble.set(Some(why));
        let again = move || {
            if self.attempt.get_value() == attempt {
                self.trouble.set(None);
                self.send();
            }
        };
        set_timeout(again, AGAIN);
    }
}

/// What those are told who are asked before anything is done.
pub(super) fn refusal_in(error: &str) -> Option<Refusal> {
    if error.contains(paths::SIGNED_OUT) {
        return Some(Refusal::SignedOut);
    }
    error.contains(paths::NOT_ALLOWED).then_some(Refusal::NotAllowed)
}
