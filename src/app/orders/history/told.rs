//! A version of an order in words: what it was, what had changed, who did it.

use super::{
    Version,
    compare::{Changes, differences},
};
use crate::{
    app::{orders::rows::pieces, when::When},
    orders::Order,
};
use leptos::prelude::*;

/// The version, and the one before it.
#[component]
pub(super) fn Told(before: Option<Version>, version: Version) -> impl IntoView {
    let changes = differences(before.as_ref().map(|before| &before.order), &version.order);
    let Version { order, at, said } = version;
    let state = order.state.map(|state| (state.word(), state.label()));
    view! {
        <div class="order-then">
            <p>
                {state.map(|(word, label)| view! { <span class=format!("state-tag state-{word}")>{label}</span> })} " "
                <When at=Signal::stored(Some(at)) /> " by " <bdi>{order.changed_by.clone()}</bdi>
            </p>
            <p class="hint">
                {format!("{}, for ", size(&order))} <bdi>{order.customer_name.clone()}</bdi>
            </p>
            {(!said.is_empty()).then(|| view! { <p class="entry-note" dir="auto">{said}</p> })}
            <Changes changes />
        </div>
    }
}

/// `3 pieces, 25.99 €`.
fn size(order: &Order) -> String {
    let total = order.total().map(|total| format!(", {total} €")).unwrap_or_default();
    format!("{}{total}", pieces(order.pieces()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::inventory::Price, orders::Line};

    #[test]
    fn a_version_of_one_piece_is_not_told_in_the_plural() {
        let of = |quantity| {
            let (sku, name) = (String::new(), String::new());
            size(&Order {
                lines: vec![Line { product_id: 1, sku, name, quantity, price: Price(1_250) }],
                ..Order::default()
            })
        };
        assert_eq!(of(1), "1 piece, 12.50 €");
        assert_eq!(of(2), "2 pieces, 25.00 €");
    }
}
