//! The page.

use super::{
    PAGE,
    actions::read_operations,
    ask::{Ask, AskFirst},
    broadcast::Broadcast,
    charts::Charts,
    desk::Desk,
    errors::Errors,
    model::{self, COUNT, DONE, Refusal},
    servers::{Figures, Servers},
    sessions::Sessions,
    storage::Storage,
};
use crate::{
    app::{icons::Icon, query_map::use_query_map, response::set_status},
    identity::visitor::use_visitor,
    operations::report::Everything,
    protocol::Role,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// For administrators.
#[component]
pub(in crate::app) fn OperationsPage() -> impl IntoView {
    let is_admin = use_visitor().person.role == Role::Admin;
    let told = Resource::new_blocking(
        || (),
        move |()| async move { if is_admin { read_operations().await.ok() } else { Some(Err(Refusal::NotAllowed)) } },
    );
    view! {
        <Title text="Operations · Rowcast" />
        <div class="operations">
            <Suspense fallback=|| {
                view! { <p class="blank" role="status">"Looking at the servers…"</p> }
            }>
                {move || Suspend::new(async move {
                    match told.await.unwrap_or(Err(Refusal::Unavailable)) {
                        Ok(told) => view! { <Operations told /> }.into_any(),
                        Err(refusal) => view! { <Problem refusal /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Operations(told: Everything) -> impl IntoView {
    let query = use_query_map();
    let desk = Desk::new(told);
    let asked = RwSignal::new(query.with_untracked(|query| Ask::read(|name| query.get_str(name), desk)));
    let said = RwSignal::new(0);
    let notice =
        query.with_untracked(|query| query.get_str(DONE).and_then(|word| model::read(word, query.get_str(COUNT))));
    view! {
        <div class="heading">
            <h1>"Operations"</h1>
            <p class="count" role="status">
                {move || match desk.hears.get() {
                    Some(false) => "Not live at the moment: this is how it was.",
                    Some(true) => "Live: servers tell this once a second.",
                    None => "",
                }}
            </p>
        </div>
        {notice.map(|answer| view! { <NoticeBanner answer /> })}
        <AskFirst desk asked said />
        <Figures desk />
        <Charts desk />
        <Servers desk />
        <Sessions desk asked />
        <div class="operations-pair">
            <Broadcast desk asked said />
            <Errors desk />
        </div>
        <Storage desk />
    }
}

/// What became of a form that was sent without JavaScript.
#[component]
fn NoticeBanner(answer: model::Answer) -> impl IntoView {
    let refused = answer.is_err();
    view! {
        <div class="notice" class:refused=refused role=if refused { "alert" } else { "status" }>
            <p>{model::message(answer)}</p>
            <a class="icon-button" href=PAGE aria-label="Dismiss">
                <Icon name="close" />
            </a>
        </div>
    }
}

/// Why there is nothing to see.
#[component]
fn Problem(refusal: Refusal) -> impl IntoView {
    set_status(refusal.status());
    let heading = match refusal {
        Refusal::NotAllowed => "This page is for administrators",
        _ => "The server does not answer",
    };
    let words = match refusal {
        Refusal::NotAllowed => "Only they see what servers and sessions are doing.".to_owned(),
        refusal => refusal.message(),
    };
    view! {
        <section class="blank">
            <p class="blank-code" aria-hidden="true">
                {refusal.status()}
            </p>
            <h1>{heading}</h1>
            <p>{words}</p>
            <p>
                <a class="button" href="/">
                    "Go to the inventory"
                </a>
                " "
                <a class="button" href=PAGE rel="external">
                    "Try again"
                </a>
            </p>
        </section>
    }
}
