//! The page of chat: conversations beside the one that is open; on a phone one or the other.

use super::{
    address::{self, Asked, NEW, PAGE},
    begin::Begin,
    conversation::Conversation,
    me::{Me, use_me},
    rows::{Chat, Mark},
    side::{Lists, Side},
};
use crate::app::query_map::use_query_map;
use crate::{
    app::not_found::NotFound,
    app::response::set_status,
    identity::paths,
    store::{QueryError, use_query},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// What the address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    List,
    New,
    One(i64),
    Nowhere,
}

/// For those who have an account; for the others a way to one.
#[component]
pub(in crate::app) fn ChatPage() -> impl IntoView {
    let body = match use_me() {
        Some(me) => view! { <Own me /> }.into_any(),
        None => view! { <Nobody /> }.into_any(),
    };
    view! {
        <Title text="Chat · Rowcast" />
        {body}
    }
}

#[component]
fn Nobody() -> impl IntoView {
    view! {
        <section class="blank">
            <h1>"Chat"</h1>
            <p>"Who is signed in can write to others here, and read what they say."</p>
            <a class="button" href=paths::sign_in(PAGE) rel="external">
                "Sign in"
            </a>
        </section>
    }
}

#[component]
fn Own(me: Me) -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let place = Memo::new(move |_| {
        // Digits only, so that one conversation has one address.
        params.with(|params| match params.get_str("id") {
            None | Some("") => Place::List,
            Some(NEW) => Place::New,
            Some(id) => match id.parse::<u32>() {
                Ok(number) if number.to_string() == id => Place::One(number.into()),
                _ => Place::Nowhere,
            },
        })
    });
    let asked = Memo::new(move |_| query.with(Asked::read));
    let lists = Lists { chats: use_query(Chat::all()), marks: use_query(Mark::own(me.account)) };
    let open = Memo::new(move |_| if let Place::One(id) = place.get() { Some(id) } else { None });
    let shown = move || if place.get() == Place::List { "chat-page of-list" } else { "chat-page of-one" };
    if let Some(refusal) = asked.with_untracked(|asked| asked.refused) {
        set_status(refusal.status());
    }
    view! {
        <div class=shown>
            <Suspense fallback=|| {
                view! { <p class="chat-side chat-none" role="status">"Loading the conversations…"</p> }
            }>
                {move || Suspend::new(async move {
                    let lists = Lists { chats: lists.chats.ready().await, marks: lists.marks.ready().await };
                    if let Some(QueryError::Read(_)) = untrack(|| lists.chats.error()) {
                        set_status(UNAVAILABLE);
                    }
                    view! { <Side lists me asked open /> }
                })}
            </Suspense>
            <div class="chat-main">
                {move || match place.get() {
                    Place::List => view! { <Choose /> }.into_any(),
                    Place::New => view! { <Begin me asked /> }.into_any(),
                    Place::One(id) => view! { <Conversation id me asked /> }.into_any(),
                    Place::Nowhere => view! { <NotFound /> }.into_any(),
                }}
            </div>
        </div>
    }
}

#[component]
fn Choose() -> impl IntoView {
    view! {
        <section class="blank">
            <h2>"No conversation is open"</h2>
            <p>"Choose one from the list, or begin another."</p>
            <a class="button" href=address::new()>
                "New conversation"
            </a>
        </section>
    }
}
