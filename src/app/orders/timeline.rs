//! What has become of an order, when, and by whom.

use super::rows::{OrderStep, OrderStepKey};
use crate::{app::when::When, identity::visitor::use_visitor, orders::State, store::LiveQuery};
use leptos::prelude::*;

/// The latest step first.
#[component]
pub(super) fn Timeline(steps: LiveQuery<OrderStep>) -> impl IntoView {
    let latest_first = move || {
        let mut keys = steps.keys();
        keys.reverse();
        keys
    };
    view! {
        <ol class="timeline">
            <For each=latest_first key=|key| *key let:key>
                <Entry key steps />
            </For>
        </ol>
    }
}

#[component]
fn Entry(key: OrderStepKey, steps: LiveQuery<OrderStep>) -> impl IntoView {
    let row = steps.row(key);
    let me = StoredValue::new(use_visitor().person.id);
    let who = move || {
        row.with(|row| match &row.who {
            Some(who) if me.with_value(|me| me.as_ref() == Some(who)) => "you".to_owned(),
            None if row.who_name.is_empty() => "the system".to_owned(),
            _ => row.who_name.clone(),
        })
    };
    let note = move || {
        // The note of the order itself stands with what was ordered.
        let said = row.with(|row| (row.state != State::Placed).then(|| row.note.clone())).flatten();
        let note = said.filter(|note| !note.is_empty())?;
        Some(view! {
            <p class="entry-note" dir="auto">
                {note}
            </p>
        })
    };
    view! {
        <li class=move || row.with(|row| format!("entry state-{}", row.state))>
            <p>
                <strong>{move || row.with(|row| row.state.label())}</strong>
                " by "
                <bdi>{who}</bdi>
            </p>
            <When at=Signal::derive(move || row.with(|row| row.at)) />
            {note}
        </li>
    }
}
