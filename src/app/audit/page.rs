//! The page: a search, what it finds, and a way to take all of it along.

use super::{
    actions::search_audit,
    download::Exports,
    entry::Entry,
    form::SearchForm,
    model::{Found, Refusal},
    newer::Newer,
    search::{PATH, Search},
};
use crate::app::query_map::use_query_map;
use crate::{app::response::set_status, identity::visitor::use_visitor, protocol::Role};
use leptos::prelude::*;
use leptos_meta::Title;

/// What has happened, for administrators.
#[component]
pub(in crate::app) fn AuditPage() -> impl IntoView {
    let is_admin = use_visitor().person.role == Role::Admin;
    view! {
        <Title text="Audit · Rowcast" />
        <div class="audit">
            {if is_admin {
                view! { <Audit /> }.into_any()
            } else {
                view! { <Problem refusal=Refusal::NotAllowed /> }.into_any()
            }}
        </div>
    }
}

#[component]
fn Audit() -> impl IntoView {
    let query = use_query_map();
    let search = Memo::new(move |_| query.with(|query| Search::read(|name| query.get_str(name))));
    let found = Resource::new_blocking(move || search.get(), search_audit);
    view! {
        <Transition fallback=|| {
            view! { <p class="blank" role="status">"Loading the audit…"</p> }
        }>
            {move || Suspend::new(async move {
                let found = found.await.unwrap_or(Err(Refusal::Unavailable));
                let search = search.get_untracked();
                match found {
                    Ok(found) => view! { <Told search found /> }.into_any(),
                    Err(refusal @ Refusal::NotAllowed) => view! { <Problem refusal /> }.into_any(),
                    Err(refusal) => {
                        set_status(refusal.status());
                        view! {
                            <div class="heading">
                                <h1>"Audit"</h1>
                            </div>
                            <SearchForm search kinds=Vec::new() />
                            <div class="notice refused" role="alert">
                                <p>{refusal.message()}</p>
                            </div>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn Told(search: Search, found: Found) -> impl IntoView {
    let Found { events, more, snapshot, kinds } = found;
    let earlier =
        events.last().filter(|_| more).map(|last| Search { before: Some(last.seq), ..search.clone() }.address());
    let first = search.before.map(|_| search.first().address());
    let list = if events.is_empty() {
        view! {
            <div class="blank">
                <h2>{if search.is_narrow() { "No event matches" } else { "Nothing has happened yet" }}</h2>
                <p>{if search.is_narrow() { "Look for less, or in a longer time." } else { "What people do shows here." }}</p>
            </div>
        }
        .into_any()
    } else {
        view! { <ol class="events">{events.into_iter().map(|event| view! { <Entry event /> }).collect_view()}</ol> }
            .into_any()
    };
    view! {
        <div class="heading">
            <h1>"Audit"</h1>
            <p class="count">"What has happened, by whom and when. Nothing here can be changed."</p>
            <Exports search=search.clone() />
        </div>
        <SearchForm search=search.clone() kinds />
        <Newer search snapshot />
        {list}
        <nav class="pager" aria-label="Pages of the audit">
            {first.map(|first| view! { <a class="button" rel="first" href=first>"Newest"</a> })}
            {earlier.map(|earlier| view! { <a class="button" rel="next" href=earlier>"Earlier"</a> })}
        </nav>
    }
}

/// Why there is nothing to see.
#[component]
fn Problem(refusal: Refusal) -> impl IntoView {
    set_status(refusal.status());
    view! {
        <section class="blank">
            <p class="blank-code" aria-hidden="true">
                {refusal.status()}
            </p>
            <h1>"This page is for administrators"</h1>
            <p>{refusal.message()}</p>
            <p>
                <a class="button" href="/">
                    "Go to the inventory"
                </a>
                " "
                <a class="button" href=PATH rel="external">
                    "Try again"
                </a>
            </p>
        </section>
    }
}
