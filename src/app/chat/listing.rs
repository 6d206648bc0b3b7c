//! The messages of a conversation: they stay where they are while earlier ones come above, follow what is said while the end is seen, and say
//! how much was said while it is not.
//!
//! The box is laid out from its end, so that it begins there, also without JavaScript, and so that what comes above moves nothing.

use super::{
    actions::read_chat,
    address::{self, Asked},
    conversation::{Talk, own_mark},
    grouping,
    message::MessageView,
    outbox::use_outbox,
    pending::Pending,
    rows::{MessageKey, counted},
    span::{STEP, Span},
};
use crate::{
    app::{fresh, now::use_now},
    chat::Refusal,
    store::{Phase, QueryError},
};
use leptos::{
    ev, html, prelude::*, server_fn::ServerFn, task::spawn_local, wasm_bindgen::JsCast, web_sys::HtmlElement,
};
use std::time::Duration;

/// So near to the end, in pixels, somebody sees it.
const NEAR: i32 = 48;
/// So near to the beginning of what is shown, in pixels, what is before it comes.
const NEAR_TOP: i32 = 120;
/// How long something is seen until it counts as read.
const SEEN: Duration = Duration::from_millis(400);

/// Where somebody is in the list. The copies are the same.
#[derive(Clone, Copy)]
struct Place {
    talk: Talk,
    frame: NodeRef<html::Div>,
    /// Whether they see the end.
    is_at_end: RwSignal<bool>,
    /// What was said since they have not.
    unseen: RwSignal<i64>,
    /// Where the newest message stands that is shown, from the top of what is positioned around the list: which it is, and how far.
    anchor: StoredValue<Option<(i64, i32)>>,
}

#[component]
pub(super) fn Listing(talk: Talk) -> impl IntoView {
    let is_looking_back = untrack(|| !talk.span.get().is_at_end(talk.last()));
    let place = Place {
        talk,
        frame: NodeRef::new(),
        is_at_end: RwSignal::new(!is_looking_back),
        unseen: RwSignal::new(0),
        anchor: StoredValue::new(None),
    };
    place.follow();
    place.mark();
    let said = place.say();
    let numbers = Memo::new(move |_| talk.numbers());
    let problem = move || {
        talk.list.error().map(|error| {
            view! {
                <div class="notice refused" role="alert">
                    <p>
                        <strong>"The messages cannot be shown."</strong>
                        " "
                        {error.to_string()}
                        "."
                    </p>
                </div>
            }
        })
    };
    let refused = RwSignal::new(talk.asked.with_untracked(|asked| asked.refused.filter(|_| asked.edit.is_none())));
    let empty = move || {
        (numbers.with(Vec::is_empty)
            && talk.list.phase() != Phase::Loading
            && !matches!(talk.list.error(), Some(QueryError::Read(_))))
        .then(|| {
            view! { <p class="chat-none">"Nothing has been said here yet. Say something."</p> }
        })
    };
    let loading = move || {
        (numbers.with(Vec::is_empty) && talk.list.phase() == Phase::Loading)
            .then(|| view! { <p class="chat-none" role="status">"Loading the messages…"</p> })
    };
    view! {
        <div
            class="chat-frame"
            tabindex="0"
            role="region"
            aria-label="What was said"
            node_ref=place.frame
            on:scroll=move |_| place.scrolled()
        >
            <div class="chat-inner">
                <Earlier place numbers />
                {problem}
                {loading}
                {empty}
                <ol class="chat-messages" role="list" aria-label="Messages">
                    <For each=move || numbers.get() key=|number| *number let:number>
                        <Day number />
                        <MessageView talk key=MessageKey { chat: talk.id, number } />
                    </For>
                </ol>
                <Later place numbers />
                <Pending talk />
                <RefusedNotice refused />
            </div>
        </div>
        <PlainRead talk />
        <Jump place />
        <p class="unseen" role="status" dir="auto">
            {said}
        </p>
    }
}

/// What was refused of a form that the browser sent by itself.
#[component]
fn RefusedNotice(refused: RwSignal<Option<Refusal>>) -> impl IntoView {
    move || {
        refused.get().map(|refusal| {
            view! {
                <div class="notice refused" role="alert">
                    <p>"That was not done. " {refusal.reason()} "."</p>
                </div>
            }
        })
    }
}

#[component]
fn Earlier(place: Place, numbers: Memo<Vec<i64>>) -> impl IntoView {
    let talk = place.talk;
    let first = Memo::new(move |_| numbers.with(|numbers| numbers.first().copied()));
    let to = move || {
        let at = first.get().map(|first| (first - STEP / 2).max(1));
        Asked { at, ..Asked::default() }.on(&address::of(talk.id))
    };
    let go = move |event: ev::MouseEvent| {
        event.prevent_default();
        place.earlier();
    };
    move || match first.get() {
        Some(first) if first > 1 => view! {
            <a class="button more" href=to on:click=go>
                "Earlier messages"
            </a>
        }
        .into_any(),
        Some(_) => view! { <p class="chat-begin">"This is where it begins."</p> }.into_any(),
        None => ().into_any(),
    }
}

#[component]
fn Later(place: Place, numbers: Memo<Vec<i64>>) -> impl IntoView {
    let talk = place.talk;
    let is_more = Memo::new(move |_| !talk.span.get().is_at_end(talk.last()));
    let to = move || {
        let at = numbers.with(|numbers| numbers.last().map(|last| last + STEP / 2));
        Asked { at: at.filter(|at| *at < talk.last()), ..Asked::default() }.on(&address::of(talk.id))
    };
    let go = move |event: ev::MouseEvent| {
        event.prevent_default();
        talk.span.update(|span| *span = span.later(talk.row().with(|row| row.last).unwrap_or_default()));
    };
    move || {
        is_more.get().then(|| {
            view! {
                <a class="button more" href=to on:click=go>
                    "Later messages"
                </a>
            }
        })
    }
}

/// The way back to the end, with what was said there meanwhile.
#[component]
fn Jump(place: Place) -> impl IntoView {
    let words = move || match place.unseen.get() {
        0 => "Newest messages".to_owned(),
        1 => "1 new message".to_owned(),
        some => format!("{} new messages", counted(some)),
    };
    move || {
        (!place.is_at_end.get()).then(|| {
            view! {
                <button type="button" class="button chat-jump" on:click=move |_| place.to_end()>
                    {words}
                    <span aria-hidden="true">" ↓"</span>
                </button>
            }
        })
    }
}

/// Without JavaScript nobody can tell what somebody sees: they say it themselves.
#[component]
fn PlainRead(talk: Talk) -> impl IntoView {
    let is_unread = move || talk.read().unwrap_or_default() < talk.last();
    move || {
        is_unread().then(|| {
            view! {
                <form class="chat-read plain" method="post" action=super::actions::ReadChat::PATH>
                    <input type="hidden" name="chat" value=talk.id.to_string() />
                    <input type="hidden" name="up_to" value=talk.last().to_string() />
                    <button class="button">"Mark as read"</button>
                </form>
            }
        })
    }
}

/// The day of a message that is the first of it, and where what is new begins.
#[component]
fn Day(number: i64) -> impl IntoView {
    let known = expect_context::<super::conversation::Known>();
    let head = Memo::new(move |_| known.heads.with(|heads| heads.get(&number).copied()).unwrap_or_default());
    let now = use_now();
    let day = move || {
        head.get().day.map(|day| {
            view! {
                <li class="chat-day">
                    <span>{move || grouping::called(day, now.millis())}</span>
                </li>
            }
        })
    };
    let new = move || {
        head.get().is_new.then(|| {
            view! {
                <li class="chat-day new">
                    <span>"New"</span>
                </li>
            }
        })
    };
    view! {
        {day}
        {new}
    }
}

impl Place {
    /// Somebody moves the list.
    fn scrolled(self) {
        let Some(frame) = self.frame.get_untracked() else { return };
        let below = -frame.scroll_top();
        let is_at_end = below <= NEAR && untrack(|| self.talk.span.get().is_at_end(self.talk.last()));
        if is_at_end != self.is_at_end.get_untracked() {
            self.is_at_end.set(is_at_end);
        }
        if is_at_end && self.unseen.get_untracked() > 0 {
            self.unseen.set(0);
        }
        if !is_at_end {
            self.keep();
        }
        self.drop_anchor();
        let above = frame.scroll_height() - frame.client_height() - below;
        if above < NEAR_TOP && below > NEAR {
            self.earlier();
        }
    }

    /// From now on, what comes pushes out nothing that is shown.
    fn keep(self) {
        let first = untrack(|| self.talk.numbers()).first().copied();
        let span = self.talk.span.get_untracked();
        if let (Some(first), Span::Newest(_)) = (first, span) {
            self.talk.span.set(span.held(first));
        }
    }

    fn earlier(self) {
        // What is asked for already is on its way.
        if untrack(|| self.talk.list.phase()) != Phase::Live {
            return;
        }
        let Some(first) = untrack(|| self.talk.numbers()).first().copied().filter(|first| *first > 1) else { return };
        let last = untrack(|| self.talk.last());
        self.talk.span.update(|span| *span = span.earlier(first, last));
    }

    fn to_end(self) {
        if untrack(|| !self.talk.span.get().is_at_end(self.talk.last())) {
            self.talk.span.set(Span::FIRST);
        }
        self.is_at_end.set(true);
        self.unseen.set(0);
        self.settle();
    }

    /// To the end, once what changes now has been drawn.
    fn settle(self) {
        request_animation_frame(move || {
            if let Some(frame) = self.frame.try_get_untracked().flatten() {
                frame.set_scroll_top(0);
                self.drop_anchor();
            }
        });
    }

    /// Keeps the list where it is while something comes below, or follows it, and goes to the message that the address names.
    fn follow(self) {
        let talk = self.talk;
        let outbox = use_outbox();
        // The newest that is shown, and whether it is one's own.
        let newest = Memo::new(move |_| {
            let number = talk.list.keys().first().map_or(0, |key| key.number);
            let row = talk.list.row(MessageKey { chat: talk.id, number });
            (number, row.with(|row| row.author) == Some(Some(talk.me.account)))
        });
        Effect::new(move |before: Option<i64>| {
            let (number, is_own) = newest.get();
            let Some(before) = before else { return number };
            let came = number - before;
            if came <= 0 {
                return number;
            }
            if self.is_at_end.get_untracked() || is_own && came == 1 {
                self.to_end();
            } else {
                let is_new = talk.span.get_untracked().is_at_end(number);
                if is_new {
                    self.unseen.update(|unseen| *unseen += came);
                }
                request_animation_frame(move || self.stay());
            }
            number
        });
        Effect::new(move || {
            if self.frame.get().is_some() {
                request_animation_frame(move || self.drop_anchor());
            }
        });
        // What waits to be sent is one's own, too.
        let waits = Memo::new(move |_| outbox.map_or(0, |outbox| outbox.of(talk.id).len()));
        Effect::new(move |before: Option<usize>| {
            let now = waits.get();
            if before.is_some_and(|before| now > before) {
                self.to_end();
            }
            now
        });
        let at = Memo::new(move |_| talk.asked.with(|asked| asked.at));
        Effect::new(move |before: Option<Option<i64>>| {
            let now = at.get();
            if let Some(number) = now.filter(|_| before != Some(now)) {
                if !untrack(|| talk.span.get().has(number)) {
                    talk.span.set(Span::around(number));
                }
                self.is_at_end.set(false);
                show(number, 20);
            }
            now
        });
    }

    /// Something came below: what is seen stays where it is.
    fn stay(self) {
        let Some(frame) = self.frame.try_get_untracked().flatten() else { return };
        if let Some(Some((number, before))) = self.anchor.try_get_value()
            && let Some(now) = top(number)
            && now < before
        {
            frame.set_scroll_top(frame.scroll_top() - (before - now));
        }
        self.drop_anchor();
    }

    /// Remembers where the newest message stands.
    fn drop_anchor(self) {
        let newest = untrack(|| self.talk.numbers()).last().copied();
        let anchor = newest.and_then(|newest| Some((newest, top(newest)?)));
        let _ = self.anchor.try_update_value(|known| *known = anchor);
    }

    /// What is seen is read.
    fn mark(self) {
        let talk = self.talk;
        let is_seen = RwSignal::new(true);
        Effect::new(move || {
            let look = move || is_seen.set(!document().hidden());
            look();
            let looking = window_event_listener(ev::visibilitychange, move |_| look());
            on_cleanup(move || looking.remove());
        });
        let timer = StoredValue::new(None::<TimeoutHandle>);
        let marked = StoredValue::new(0_i64);
        let stop = move || {
            if let Some(Some(running)) = timer.try_get_value() {
                running.clear();
            }
        };
        Effect::new(move || {
            let (last, read) = (talk.last(), talk.read().unwrap_or_default());
            let own_after = talk.marks.row(own_mark(talk)).with(|mark| mark.own_after).unwrap_or_default();
            let is_due = is_seen.get() && self.is_at_end.get() && last > read + own_after && last > marked.get_value();
            stop();
            if !is_due {
                return;
            }
            let send = move || {
                marked.set_value(last);
                spawn_local(async move {
                    // Unless it was noted, it is tried again with the next message.
                    if !matches!(read_chat(talk.id, last).await, Ok(Ok(_))) {
                        let _ = marked.try_update_value(|marked| *marked = 0);
                    }
                });
            };
            timer.set_value(set_timeout_with_handle(send, SEEN).ok());
        });
        on_cleanup(stop);
    }

    /// What others say is told to those who do not see it.
    fn say(self) -> RwSignal<String> {
        let talk = self.talk;
        let said = RwSignal::new(String::new());
        Effect::new(move |before: Option<i64>| {
            let last = talk.last();
            if before.is_some_and(|before| last > before) {
                let newest = talk.row().with(|row| (row.last_author, format!("{}: {}", row.last_name, row.last_text)));
                if let Some((author, words)) = newest
                    && author != Some(talk.me.account)
                {
                    said.set(words);
                }
            }
            last
        });
        said
    }
}

/// Where a message stands, wherever the list is scrolled to.
fn top(number: i64) -> Option<i32> {
    let element = document().get_element_by_id(&address::element(number))?;
    element.dyn_into::<HtmlElement>().ok().map(|element| element.offset_top())
}

/// Brings a message into view as soon as it is there, and tells it from the others for a moment.
fn show(number: i64, tries: u32) {
    request_animation_frame(move || match document().get_element_by_id(&address::element(number)) {
        Some(element) => {
            element.scroll_into_view_with_bool(true);
            // Fails only for names that are no attribute's.
            let _ = element.set_attribute("data-glow", if fresh::millis() % 2 == 0 { "a" } else { "b" });
        }
        None if tries > 0 => set_timeout(move || show(number, tries - 1), Duration::from_millis(100)),
        None => {}
    });
}
