//! What has just happened.

use super::{
    known::{is_known, problem},
    rows::steps,
};
use crate::{
    app::{
        orders::{OrderStep, address},
        when::When,
    },
    orders::State,
    store::use_query,
};
use leptos::prelude::*;

#[component]
pub(super) fn Feed() -> impl IntoView {
    let steps = use_query(steps());
    view! {
        <section class="panel" aria-label="Activity">
            <h2>"Activity"</h2>
            <Suspense fallback=|| {
                view! { <p class="hint" role="status">"Looking what has happened…"</p> }
            }>
                {move || Suspend::new(async move {
                    let steps = steps.ready().await;
                    let nothing = move || {
                        (steps.is_empty() && is_known(steps))
                            .then(|| view! { <p class="hint">"Nothing has happened yet."</p> })
                    };
                    view! {
                        {problem(steps)}
                        {nothing}
                        <ul class="feed" role="list">
                            <For
                                each=move || steps.keys()
                                key=Clone::clone
                                children=move |key| {
                                    let order = key.order_id;
                                    let row = steps.row(key);
                                    let state = move || row.with(|row| row.state).unwrap_or(State::Placed);
                                    let who = move || row.with(|row: &OrderStep| row.who_name.clone()).unwrap_or_default();
                                    view! {
                                        <li>
                                            <span class=move || format!("state-tag state-{}", state().word())>
                                                {move || state().label()}
                                            </span>
                                            <a href=address(order)>{format!("Order {order}")}</a>
                                            <span class="feed-who">
                                                "by " <bdi>{who}</bdi> ", "
                                                <When at=Signal::derive(move || row.with(|row| row.at)) />
                                            </span>
                                        </li>
                                    }
                                }
                            />
                        </ul>
                    }
                })}
            </Suspense>
        </section>
    }
}
