//! A new conversation: with somebody, or, for those who work here, a room for all of them.

use super::{
    actions::{BeginChat, OpenRoom, begin_chat, find_people, open_room},
    address::{self, Asked, PAGE},
    face::Face,
    me::Me,
    outbox::refusal_in,
};
use crate::{
    app::{icons::Icon, search_text::SearchText},
    chat::{
        Refusal, Someone,
        limits::{MAX_NAME, MAX_PEOPLE, MAX_SEARCH, MAX_TOPIC},
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::{components::A, hooks::use_navigate};
use std::time::Duration;

/// How long after the last key people are looked for.
const LAG: Duration = Duration::from_millis(250);

/// What became of it, for whoever asked.
type Outcome = Result<Result<i64, Refusal>, ServerFnError>;

#[component]
pub(super) fn Begin(me: Me, asked: Memo<Asked>) -> impl IntoView {
    let refused = RwSignal::new(asked.with_untracked(|asked| asked.refused));
    let navigate = StoredValue::new(use_navigate());
    let settle = move |outcome: Outcome| match outcome {
        Ok(Ok(chat)) => drop(navigate.try_with_value(|navigate| navigate(&address::of(chat), Default::default()))),
        Ok(Err(refusal)) => drop(refused.try_set(Some(refusal))),
        Err(error) => drop(refused.try_set(Some(refusal_in(&error.to_string()).unwrap_or(Refusal::Unavailable)))),
    };
    let problem = move || {
        refused.get().map(|refusal| {
            view! {
                <div class="notice refused" role="alert">
                    <p>"That was not done. " {refusal.reason()} "."</p>
                </div>
            }
        })
    };
    let room = me.works_here.then(|| {
        let name = asked.with_untracked(|asked| asked.draft.clone());
        view! { <Room name settle /> }
    });
    view! {
        <section class="chat-new">
            <div class="chat-head">
                <A href=PAGE attr:class="icon-button chat-back" attr:aria-label="All conversations">
                    <Icon name="back" />
                </A>
                <h1>"New conversation"</h1>
            </div>
            <div class="chat-new-body">{problem} <People asked settle /> {room}</div>
        </section>
    }
}

#[component]
fn People(asked: Memo<Asked>, settle: impl Fn(Outcome) + Copy + Send + Sync + 'static) -> impl IntoView {
    let q = Memo::new(move |_| asked.with(|asked| asked.q.clone()));
    let search = SearchText::new(q);
    let navigate = StoredValue::new(use_navigate());
    let follow = move || {
        let q = search.text.get_untracked().trim().to_owned();
        let options = leptos_router::NavigateOptions { replace: true, scroll: false, ..Default::default() };
        navigate.with_value(|navigate| navigate(&Asked { q, ..Asked::default() }.on(&address::new()), options));
    };
    let people = Resource::new_blocking(
        move || q.get(),
        |q| async move {
            match find_people(q).await {
                Ok(found) => found,
                Err(error) => Err(refusal_in(&error.to_string()).unwrap_or(Refusal::Unavailable)),
            }
        },
    );
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        search.settle(search.text.get_untracked());
        follow();
    };
    view! {
        <h2>"Write to somebody"</h2>
        <form class="chat-search" role="search" aria-label="People by name" action=address::new() method="get" on:submit=submit>
            <input
                type="search"
                name="q"
                aria-label="Find people by name"
                placeholder="Find people by name"
                maxlength=MAX_SEARCH.to_string()
                autocomplete="off"
                value=q.get_untracked()
                prop:value=search.text
                on:input:target=move |event| search.type_in(event.target().value(), LAG, follow)
            />
            <button class="icon-button" aria-label="Find">
                <Icon name="search" />
            </button>
        </form>
        <Transition fallback=|| {
            view! { <p class="chat-none" role="status">"Looking for people…"</p> }
        }>
            {move || Suspend::new(async move {
                match people.await {
                    Err(refusal) => {
                        view! {
                            <div class="notice refused" role="alert">
                                <p>"People cannot be listed. " {refusal.reason()} "."</p>
                            </div>
                        }
                            .into_any()
                    }
                    Ok(found) if found.is_empty() => {
                        view! { <p class="chat-none">"There is nobody of that name to whom you can write."</p> }.into_any()
                    }
                    Ok(found) => view! { <Found found settle /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Found(found: Vec<Someone>, settle: impl Fn(Outcome) + Copy + Send + Sync + 'static) -> impl IntoView {
    let more = (found.len() as i64 >= MAX_PEOPLE)
        .then(|| view! { <p class="hint">"There are more; type a part of the name."</p> });
    let one = move |Someone { id, name, works_here }: Someone| {
        let submit = move |submit: SubmitEvent| {
            submit.prevent_default();
            spawn_local(async move { settle(begin_chat(id).await) });
        };
        let what = if works_here { "Works here" } else { "Customer" };
        view! {
            <li>
                <form method="post" action=BeginChat::PATH on:submit=submit>
                    <input type="hidden" name="person" value=id.to_string() />
                    <button class="chat-item">
                        <Face account=Some(id) name=name.clone() />
                        <span class="chat-item-title" dir="auto">
                            {name}
                        </span>
                        <span class="chat-item-text">{what}</span>
                    </button>
                </form>
            </li>
        }
    };
    view! {
        <ul class="chat-list people" role="list" aria-label="People">
            {found.into_iter().map(one).collect_view()}
        </ul>
        {more}
    }
}

#[component]
fn Room(name: String, settle: impl Fn(Outcome) + Copy + Send + Sync + 'static) -> impl IntoView {
    let (name_input, topic_input) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let value = |input: NodeRef<html::Input>| input.get_untracked().map(|input| input.value()).unwrap_or_default();
        let (name, topic) = (value(name_input), value(topic_input));
        spawn_local(async move { settle(open_room(name, topic).await) });
    };
    view! {
        <h2>"Open a room"</h2>
        <p class="hint">"A room is for everybody who works here."</p>
        <form class="chat-room-form" method="post" action=OpenRoom::PATH on:submit=submit aria-label="Open a room">
            <div class="field">
                <label for="room-name">"Name"</label>
                <input
                    id="room-name"
                    name="name"
                    required
                    maxlength=MAX_NAME.to_string()
                    autocomplete="off"
                    value=name
                    node_ref=name_input
                />
            </div>
            <div class="field">
                <label for="room-topic">"What it is about"</label>
                <input id="room-topic" name="topic" maxlength=MAX_TOPIC.to_string() autocomplete="off" node_ref=topic_input />
            </div>
            <button class="button primary">"Open the room"</button>
        </form>
    }
}
