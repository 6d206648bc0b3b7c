//! A version of an order in words: what it was, what had changed, who did it.

use super::{
    Version,
    compare::{Changes, differences},
};
use crate::app::{inventory::grouped, when::When};
use leptos::prelude::*;

/// The version, and the one before it.
#[component]
pub(super) fn Told(before: Option<Version>, version: Version) -> impl IntoView {
    let changes = differences(before.as_ref().map(|before| &before.order), &version.order);
    let Version { order, at, said } = version;
    let state = order.state.map(|state| (state.word(), state.label()));
    let total = order.total().map(|total| format!("{total} €")).unwrap_or_default();
    view! {
        <div class="order-then">
            <p>
                {state.map(|(word, label)| view! { <span class=format!("state-tag state-{word}")>{label}</span> })} " "
                <When at=Signal::stored(Some(at)) /> " by " <bdi>{order.changed_by.clone()}</bdi>
            </p>
            <p class="hint">
                {format!("{} pieces, {total}, for ", grouped(order.pieces()))} <bdi>{order.customer_name.clone()}</bdi>
            </p>
            {(!said.is_empty()).then(|| view! { <p class="entry-note" dir="auto">{said}</p> })}
            <Changes changes />
        </div>
    }
}
