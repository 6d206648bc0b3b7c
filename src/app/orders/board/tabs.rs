//! On a phone there is room for one column: links to each, which an order can be put down on as well.

use super::{carry::Outcome, desk::Desk};
use crate::orders::State;
use leptos::prelude::*;

/// Hidden where all columns are seen.
#[component]
pub(super) fn Tabs(desk: Desk) -> impl IntoView {
    let tab = move |state: State| {
        let address = move || desk.listing.with(|listing| listing.on(Some(state)).address());
        let in_front =
            Memo::new(move |_| desk.listing.with(|listing| listing.column).unwrap_or(State::Placed) == state);
        let class = move || {
            let closed = desk.carried.get().is_some_and(|carried| matches!(carried.on(state), Outcome::Refused(_)));
            let over = desk.carried.get().is_some_and(|carried| carried.over == Some(state));
            format!("tab {} {}", if closed { "closed" } else { "" }, if over { "over" } else { "" })
        };
        view! {
            <a
                href=address
                class=class
                data-state=state.word()
                data-noscroll
                aria-current=move || in_front.get().then_some("true")
            >
                <span>{state.label()}</span>
                <span class="tab-count">{move || desk.count(state)}</span>
            </a>
        }
    };
    view! {
        <nav class="tabs" aria-label="Columns">
            {State::ALL.map(tab).into_iter().collect_view()}
        </nav>
    }
}
