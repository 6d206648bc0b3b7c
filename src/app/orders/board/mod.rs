//! The board: all orders in columns by state, to be moved by hand, by keys, by a button, or by a plain form.
//!
//! | file | what it is |
//! |---|---|
//! | `listing` | what the address asks for; pure |
//! | `carry` | what becomes of an order that is carried to a column, and what is said of it; pure |
//! | `desk` | what the parts share: rows, totals, what is carried |
//! | `moving` | a move: shown at once, taken back with the reason |
//! | `hands` | picking up, holding over, putting down: for pointer and keys alike |
//! | `pointer` | a drag with a mouse, a finger or a pen |
//! | `column`, `card`, `reason`, `tabs` | what is seen |
//!
//! Which move is legal is the domain's business: the board asks it, and so does the server.

mod card;
mod carry;
mod column;
mod desk;
mod hands;
mod listing;
mod moving;
mod pointer;
mod reason;
mod tabs;

use super::{
    notice::NoticeBanner,
    own::Problem,
    rows::{NEW, PAGE},
};
use crate::{
    app::{icons::Icon, inventory::grouped, response::set_status},
    orders::{Actor, State},
    store::{Phase, QueryError},
};
use column::ColumnView;
use desk::Desk;
use leptos::prelude::*;
use leptos_router::components::A;
pub(super) use listing::Listing;
use pointer::Ghost;
use reason::AskForReason;
use tabs::Tabs;

/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// Where the board is with this column in front.
pub(in crate::app) fn address_of(state: State) -> String {
    Listing::default().on(Some(state)).address()
}

/// For those who work here.
#[component]
pub(super) fn Board() -> impl IntoView {
    let desk = Desk::new();
    provide_context(desk);
    view! {
        <div class="board-page">
            <Suspense fallback=|| {
                view! { <p class="blank" role="status">"Loading the orders…"</p> }
            }>
                {move || Suspend::new(async move {
                    desk.ready().await;
                    view! { <Columns desk /> }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Columns(desk: Desk) -> impl IntoView {
    if let Some(QueryError::Read(_)) = untrack(|| desk.totals.error()) {
        set_status(UNAVAILABLE);
    }
    let problem = move || desk.totals.error().map(|error| view! { <Problem message=error.to_string() /> });
    let count = Memo::new(move |_| desk.totals.rows().into_iter().map(|row| row.count).sum::<u64>());
    let words = move || match count.get() {
        _ if desk.totals.error().is_some() => String::new(),
        1 => "1 order".to_owned(),
        count => format!("{} orders", grouped(count as i64)),
    };
    let nothing = Memo::new(move |_| {
        let found = desk.totals.phase() != Phase::Loading && desk.totals.error().is_none() && count.get() == 0;
        found && desk.wanted.with(|wanted| !wanted.trim().is_empty())
    });
    pointer::follow(desk);
    hands::watch(desk);
    view! {
        <div class="heading">
            <h1>"Orders"</h1>
            <SearchForm desk />
            <p class="count">{words}</p>
            <A href=NEW attr:class="button primary">
                <Icon name="plus" />
                "New "
                <span class="unit">"order"</span>
            </A>
        </div>
        <NoticeBanner actor=Actor::Staff />
        {problem}
        {move || {
            nothing
                .get()
                .then(|| {
                    view! {
                        <p class="notice" role="status">
                            "No order matches. The number must be the whole number; a name may be a part of it."
                        </p>
                    }
                })
        }}
        <p id="board-help" class="unseen">
            "Space or Enter picks the order up. Then the arrow keys choose a column, Space or Enter puts it down there, and
            Escape leaves it where it was. Without an order in hand, the arrow keys go from card to card."
        </p>
        <p class="unseen" role="status" aria-live="assertive">
            {desk.said}
        </p>
        <Tabs desk />
        <div
            class="board"
            class:carrying=move || desk.carried.with(Option::is_some)
            node_ref=desk.board
            on:click=move |click| desk.swallow(&click)
        >
            {State::ALL.map(|state| view! { <ColumnView desk state /> }).into_iter().collect_view()}
        </div>
        <Ghost desk />
        <AskForReason desk />
    }
}

/// A form that works as one; with JavaScript it acts on every key.
#[component]
fn SearchForm(desk: Desk) -> impl IntoView {
    let state = move || desk.listing.with(|listing| listing.column).map(State::word);
    view! {
        <form class="toolbar" role="search" method="get" action=PAGE on:submit=|submit| submit.prevent_default()>
            <label class="search">
                <Icon name="search" />
                <span class="unseen">"Search by customer or number"</span>
                <input
                    type="search"
                    name=Listing::SEARCH
                    value=desk.search.text.get_untracked()
                    prop:value=desk.search.text
                    placeholder="Customer or number"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    on:input=move |input| desk.search_for(event_target_value(&input))
                />
            </label>
            {move || state().map(|state| view! { <input type="hidden" name=Listing::COLUMN value=state /> })}
            <button class="button plain">"Search"</button>
        </form>
    }
}
