//! What should be ordered soon: the scarcest first.

use super::{
    known::{is_known, problem},
    rows::scarce,
};
use crate::{
    app::inventory::{Listing, Product, grouped},
    store::use_query,
};
use leptos::prelude::*;

#[component]
pub(super) fn LowStock() -> impl IntoView {
    let products = use_query(scarce());
    view! {
        <section class="panel" aria-label="Low stock">
            <h2>"Low stock"</h2>
            <Suspense fallback=|| {
                view! { <p class="hint" role="status">"Looking for what is scarce…"</p> }
            }>
                {move || Suspend::new(async move {
                    let products = products.ready().await;
                    let enough = move || {
                        (products.is_empty() && is_known(products))
                            .then(|| view! { <p class="hint">"There is enough of everything."</p> })
                    };
                    view! {
                        {problem(products)}
                        {enough}
                        <ul class="ranks" role="list">
                            <For
                                each=move || products.keys()
                                key=|key| key.id
                                children=move |key| {
                                    let row = products.row(key);
                                    let read = move |look: fn(&Product) -> String| row.with(look).unwrap_or_default();
                                    let found = move || {
                                        Listing { search: read(|row| row.sku.clone()), ..Listing::default() }.address()
                                    };
                                    view! {
                                        <li>
                                            <a href=found>
                                                <bdi>{move || read(|row| row.name.clone())}</bdi>
                                            </a>
                                            <span class="amount">
                                                {move || read(|row| {
                                                    format!("{} of {}", grouped(row.quantity.into()), grouped(row.reorder_level.into()))
                                                })}
                                            </span>
                                        </li>
                                    }
                                }
                            />
                        </ul>
                        <p class="panel-more">
                            <a href="/?low=1">"All that is low"</a>
                        </p>
                    }
                })}
            </Suspense>
        </section>
    }
}
