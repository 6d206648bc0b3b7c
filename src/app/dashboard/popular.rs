//! What is ordered most.

use super::{
    known::{is_known, problem},
    range::Range,
    rows::{first_order, ordered},
};
use crate::{
    app::{
        inventory::{Listing, grouped},
        orders::Order,
    },
    store::{LiveQuery, use_query},
};
use leptos::prelude::*;

/// Products that are shown.
const SHOWN: usize = 8;

/// Of the orders of a range, up to the step that it is.
#[component]
pub(super) fn Popular(range: Range, last: Memo<i64>) -> impl IntoView {
    let first = use_query(move || first_order(range, range.first(last.get())));
    view! {
        <section class="panel" aria-label="Most ordered">
            <h2>"Most ordered"</h2>
            <Suspense fallback=|| {
                view! { <p class="hint" role="status">"Adding up what was ordered…"</p> }
            }>
                {move || Suspend::new(async move {
                    let first = first.ready().await;
                    view! { <Products first /> }
                })}
            </Suspense>
        </section>
    }
}

/// From an order on, because lines know their order and not its time.
#[component]
fn Products(first: LiveQuery<Order>) -> impl IntoView {
    let products = use_query(move || ordered(first.first().map(|order| order.id)));
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let products = products.ready().await;
                let most = Memo::new(move |_| {
                    let mut all: Vec<(i64, String, String)> = products
                        .rows()
                        .into_iter()
                        .map(|row| (row.sum.quantity.unwrap_or(0), row.group.name, row.group.sku))
                        .collect();
                    all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
                    all.truncate(SHOWN);
                    all
                });
                let nothing = move || {
                    (is_known(first) && is_known(products) && most.with(Vec::is_empty))
                        .then(|| view! { <p class="hint">"Nothing was ordered in this time."</p> })
                };
                view! {
                    {problem(first)}
                    {problem(products)}
                    {nothing}
                    <ol class="ranks" role="list">
                        <For
                            each=move || most.get()
                            key=|(pieces, _, sku)| (sku.clone(), *pieces)
                            children=|(pieces, name, sku)| {
                                let found = Listing { search: sku, ..Listing::default() }.address();
                                view! {
                                    <li>
                                        <a href=found>
                                            <bdi>{name}</bdi>
                                        </a>
                                        <span class="amount">{grouped(pieces)}</span>
                                    </li>
                                }
                            }
                        />
                    </ol>
                }
            })}
        </Suspense>
    }
}
