//! What is shown of what is not known, or not any more.

use crate::store::{LiveQuery, LiveRow, Phase, Status, use_connection};
use leptos::prelude::*;

/// In place of a figure.
pub(super) const UNKNOWN: &str = "–";

/// Whether the rows of a query are there. Tracked.
pub(super) fn is_known<T: LiveRow>(query: LiveQuery<T>) -> bool {
    query.error().is_none() && query.phase() != Phase::Loading
}

/// Why there are none, in their place.
pub(super) fn problem<T: LiveRow>(query: LiveQuery<T>) -> impl IntoView {
    move || query.error().map(|error| view! { <p class="problem" role="alert">{error.to_string()} "."</p> })
}

/// That figures are those of before, where nothing else says so.
#[component]
pub(super) fn Stale() -> impl IntoView {
    let connection = use_connection();
    // What a page was made with is current until the browser knows better.
    let is_stale = Memo::new(move |before: Option<&(bool, bool)>| {
        let is_live = connection.status() == Status::Live;
        let was_live = before.is_some_and(|(was_live, _)| *was_live);
        (was_live || is_live, was_live && !is_live)
    });
    move || {
        is_stale.get().1.then(|| {
            view! {
                <p class="notice" role="status">
                    "Not live at the moment: these are the figures of before."
                </p>
            }
        })
    }
}
