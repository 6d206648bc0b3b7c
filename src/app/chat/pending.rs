//! What was written in a conversation and is not shown as a row yet: on its way, waiting, or refused with the reason.

use super::{
    body::Body,
    conversation::Talk,
    outbox::{Outbox, Standing, use_outbox},
};
use crate::{
    app::{icons::Icon, time::Timestamp, when::When},
    chat::unsent::Unsent,
};
use leptos::prelude::*;
use std::collections::HashSet;

const MICROS_PER_MILLI: i64 = 1_000;

#[component]
pub(super) fn Pending(talk: Talk) -> impl IntoView {
    use_outbox().map(|outbox| view! { <Waiting talk outbox /> })
}

#[component]
fn Waiting(talk: Talk, outbox: Outbox) -> impl IntoView {
    // Nothing that waits is known to a server that renders the page.
    let is_mounted = RwSignal::new(false);
    Effect::new(move || is_mounted.set(true));
    let shown = Memo::new(move |_| {
        let own = talk.list.rows().into_iter().filter(|row| row.author == Some(talk.me.account));
        own.map(|row| row.key).collect::<HashSet<_>>()
    });
    Effect::new(move || shown.with(|shown| outbox.seen(|key| shown.contains(key))));
    let waiting = Memo::new(move |_| {
        if !is_mounted.get() {
            return Vec::new();
        }
        let mut all = outbox.of(talk.id);
        all.retain(|one| shown.with(|shown| !shown.contains(&one.key)));
        all
    });
    view! {
        <ol class="chat-messages waiting" role="list" aria-label="Not sent yet" hidden=move || waiting.with(Vec::is_empty)>
            <For each=move || waiting.get() key=|one| (one.key.clone(), one.refused) let:one>
                <One outbox one />
            </For>
        </ol>
    }
}

#[component]
fn One(outbox: Outbox, one: Unsent) -> impl IntoView {
    let (key, text) = (StoredValue::new(one.key.clone()), one.text.clone());
    let at = Timestamp(one.at * MICROS_PER_MILLI);
    let standing = Memo::new(move |_| outbox.standing(&one));
    let words = move || match standing.get() {
        Standing::Sending => "Sending…".to_owned(),
        Standing::Away => "Waits for the connection".to_owned(),
        Standing::Waiting(why) => format!("Not sent yet. {why}. It is tried again."),
        Standing::Refused(refusal) => format!("Not sent. {}.", refusal.reason()),
    };
    let is_refused = Memo::new(move |_| matches!(standing.get(), Standing::Refused(_)));
    let can_act = Memo::new(move |_| !matches!(standing.get(), Standing::Sending));
    let retry = move |_| key.with_value(|key| outbox.retry(key));
    let discard = move |_| key.with_value(|key| outbox.discard(key));
    let doings = move || {
        can_act.get().then(|| {
            view! {
                <span class="chat-waiting-doings">
                    <button type="button" class="button" on:click=retry>
                        "Try again"
                    </button>
                    <button type="button" class="button" on:click=discard>
                        "Discard"
                    </button>
                </span>
            }
        })
    };
    view! {
        <li class="chat-message own first unsent" class:refused=is_refused>
            <div class="chat-body">
                <Body text mentioned=Vec::new() is_me=false />
            </div>
            <span class="chat-when">
                <When at=Signal::stored(Some(at)) />
                <Icon name="clock" />
            </span>
            <p class="chat-standing">
                <span role="status">{words}</span>
                {doings}
            </p>
        </li>
    }
}
