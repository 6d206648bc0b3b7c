//! The page: where files are brought, or one of them.

use super::{
    PATH,
    choose::Choose,
    model::{Notice, Refusal},
    one::OneImport,
};
use crate::{
    app::{
        icons::Icon, inventory::refusal::Refusal as Common, not_found::NotFound, query_map::use_query_map,
        response::set_status,
    },
    identity::visitor::use_visitor,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// Products from a file, for those who work here.
#[component]
pub(in crate::app) fn ImportPage() -> impl IntoView {
    let works_here = use_visitor().person.works_here();
    let params = use_params_map();
    // Digits only, so that one import has one address.
    let id = Memo::new(move |_| {
        params.with(|params| {
            let text = params.get_str("id").filter(|text| !text.is_empty())?;
            Some(text.parse::<u32>().ok().filter(|id| id.to_string() == text).map(i64::from))
        })
    });
    let shown = move || match id.get() {
        _ if !works_here => view! { <Problem refusal=Common::NotAllowed.into() /> }.into_any(),
        None => view! { <Choose /> }.into_any(),
        Some(Some(id)) => view! { <OneImport id /> }.into_any(),
        Some(None) => view! { <NotFound /> }.into_any(),
    };
    view! {
        <Title text="Import · Rowcast" />
        <div class="page import">{shown}</div>
    }
}

/// What became of a form that was sent without JavaScript, and a link to the page without it.
#[component]
pub(super) fn NoticeBanner(
    /// The page without it.
    #[prop(into)]
    back: String,
) -> impl IntoView {
    let query = use_query_map();
    let notice = Memo::new(move |_| query.with(|query| query.get_str(Notice::PARAMETER).and_then(Notice::read)));
    if let Some(notice) = notice.get_untracked() {
        set_status(notice.status());
    }
    move || {
        let back = back.clone();
        notice.get().map(|notice| {
            view! {
                <div class="notice refused" role="alert">
                    <p>{notice.message()}</p>
                    <a class="icon-button" href=back aria-label="Dismiss">
                        <Icon name="close" />
                    </a>
                </div>
            }
        })
    }
}

/// Why there is nothing to see.
#[component]
pub(super) fn Problem(refusal: Refusal) -> impl IntoView {
    set_status(refusal.status());
    let title = match refusal {
        Refusal::Gone => "There is no such import",
        Refusal::Common(Common::NotAllowed) => "This page is for staff",
        _ => "The import cannot be shown",
    };
    view! {
        <section class="blank">
            <p class="blank-code" aria-hidden="true">
                {refusal.status()}
            </p>
            <h1>{title}</h1>
            <p>{refusal.message()} "."</p>
            <p>
                <a class="button" href="/">
                    "Go to the inventory"
                </a>
                " "
                {(refusal != Refusal::Common(Common::NotAllowed))
                    .then(|| {
                        view! {
                            <a class="button" href=PATH>
                                "Import another file"
                            </a>
                        }
                    })}
            </p>
        </section>
    }
}
