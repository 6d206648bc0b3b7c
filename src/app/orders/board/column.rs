//! A column: how many orders, what they cost, and the cards of those that fit.

use super::{
    card::Card,
    carry::{Carried, Outcome},
    desk::{Column, Desk, heading_id},
    listing,
};
use crate::{
    app::{
        glow::glow,
        inventory::{Price, grouped},
        missing::{Missing, missing},
    },
    orders::State,
};
use leptos::{ev::MouseEvent, html, prelude::*};

/// What a column says to what is carried: a class of the style sheet.
fn answer(carried: Option<Carried>, state: State) -> &'static str {
    match carried.map(|carried| (carried.on(state), carried.over == Some(state))) {
        None => "",
        Some((Outcome::Stays, _)) => "home",
        Some((Outcome::Moves(_) | Outcome::Asks(_), false)) => "open",
        Some((Outcome::Moves(_) | Outcome::Asks(_), true)) => "open over",
        Some((Outcome::Refused(_), false)) => "closed",
        Some((Outcome::Refused(_), true)) => "closed over",
    }
}

/// Folded, it is a strip with its totals that unfolds it.
#[component]
pub(super) fn ColumnView(desk: Desk, state: State) -> impl IntoView {
    let folded = Memo::new(move |_| desk.is_folded(state));
    let answer = Memo::new(move |_| answer(desk.carried.get(), state));
    let in_front = Memo::new(move |_| desk.listing.with(|listing| listing.column).unwrap_or(State::Placed) == state);
    let class = move || {
        let folded = if folded.get() { "folded" } else { "" };
        let in_front = if in_front.get() { "in-front" } else { "" };
        format!("column state-{state} {folded} {in_front} {}", answer.get())
    };
    let body = move || {
        if folded.get() {
            view! { <Folded desk state /> }.into_any()
        } else {
            view! { <Unfolded desk column=desk.column(state) /> }.into_any()
        }
    };
    view! {
        <section class=class data-state=state.word() aria-labelledby=heading_id(state)>
            {body}
        </section>
    }
}

/// Number and sum, which glow when the number changes.
#[component]
fn Totals(desk: Desk, state: State) -> impl IntoView {
    let total = Memo::new(move |_| desk.total(state));
    let element = NodeRef::<html::P>::new();
    Effect::new(move |before: Option<u64>| {
        let (count, _) = total.get();
        if let Some(element) = element.get().filter(|_| before.is_some_and(|before| before != count)) {
            glow(&element);
        }
        count
    });
    let sum = move || if desk.is_counted() { format!("{} €", Price(total.get().1)) } else { String::new() };
    view! {
        <p class="column-totals" node_ref=element>
            <span class="column-count">{move || desk.count(state)}</span>
            <span class="unseen">" orders, "</span>
            <span class="column-sum">{sum}</span>
        </p>
    }
}

#[component]
fn Folded(desk: Desk, state: State) -> impl IntoView {
    let address = move || desk.listing.with(|listing| listing.on(Some(state)).address());
    view! {
        <a href=address class="strip" title=format!("Show what is {state}") data-noscroll>
            <h2 id=heading_id(state)>{state.label()}</h2>
            <Totals desk state />
        </a>
    }
}

#[component]
fn Unfolded(desk: Desk, column: Column) -> impl IntoView {
    let Column { state, orders, rows } = column;
    let left = Memo::new(move |_| desk.total(state).0.saturating_sub(orders.len() as u64));
    let fold = move || {
        (state.is_final()).then(|| {
            let address = move || desk.listing.with(|listing| listing.on(None).address());
            view! {
                <a href=address class="fold" aria-label=format!("Fold {}", state.label()) data-noscroll>
                    "Fold"
                </a>
            }
        })
    };
    let more_address = move || desk.listing.with(|listing| listing.with_more(state, rows.get()).address());
    let show_more = move |click: MouseEvent| {
        click.prevent_default();
        rows.update(|rows| *rows = listing::more(*rows));
    };
    let missing = Memo::new(move |_| missing(orders, "These orders"));
    let more = move || {
        let left = left.get();
        let may = listing::may_be_more(rows.get());
        (left > 0 && missing.get().is_none()).then(|| {
            let words = format!("and {} more", grouped(left as i64));
            if may {
                view! {
                    <a class="column-more" href=more_address on:click=show_more>
                        {words}
                    </a>
                }
                .into_any()
            } else {
                view! { <p class="column-more">{words} "; search to see them"</p> }.into_any()
            }
        })
    };
    // Said once for the whole board, and shown in each column.
    let empty = move || match missing.get() {
        Some(Missing::Coming) => Some(view! { <p class="column-empty">"Loading…"</p> }.into_any()),
        Some(Missing::Failed(words)) => Some(view! { <p class="column-empty problem">{words}</p> }.into_any()),
        None => orders.is_empty().then(|| view! { <p class="column-empty">"None"</p> }.into_any()),
    };
    view! {
        <header class="column-head">
            <h2 id=heading_id(state) tabindex="-1">
                {state.label()}
            </h2>
            {fold}
            <Totals desk state />
        </header>
        <ul class="cards" aria-label=format!("Orders that are {state}")>
            <For each=move || orders.keys() key=|key| key.id let:key>
                <Card desk state key />
            </For>
        </ul>
        {empty}
        {more}
    }
}
