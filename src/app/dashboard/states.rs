//! Orders by what has become of them.

use super::{
    figures::by_state,
    known::{UNKNOWN, is_known, problem},
};
use crate::{
    app::{inventory::grouped, orders::board_address},
    orders::State,
    store::use_query,
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Length of the longest bar, in units of the drawing.
const LENGTH: u64 = 100;

#[component]
pub(super) fn States() -> impl IntoView {
    let totals = use_query(by_state());
    view! {
        <section class="panel" aria-label="Orders by state">
            <h2>"Orders by state"</h2>
            <Suspense fallback=|| {
                view! { <p class="hint" role="status">"Counting the orders…"</p> }
            }>
                {move || Suspend::new(async move {
                    let totals = totals.ready().await;
                    let counts = Memo::new(move |_| {
                        totals.rows().into_iter().map(|row| (row.group.state, row.count)).collect::<BTreeMap<_, _>>()
                    });
                    let most = Memo::new(move |_| counts.with(|counts| counts.values().copied().max().unwrap_or(0)));
                    let rows = State::ALL.map(|state| {
                        let count = Memo::new(move |_| counts.with(|counts| counts.get(&state).copied().unwrap_or(0)));
                        let length = move || (count.get() * LENGTH).checked_div(most.get()).unwrap_or(0);
                        view! {
                            <li>
                                <a href=board_address(state)>{state.label()}</a>
                                <svg
                                    class="meter"
                                    viewBox=format!("0 0 {LENGTH} 8")
                                    preserveAspectRatio="none"
                                    aria-hidden="true"
                                >
                                    <rect class=format!("state-{}", state.word()) x="0" y="0" height="8" width=length></rect>
                                </svg>
                                <span class="amount">
                                    {move || if is_known(totals) { grouped(count.get() as i64) } else { UNKNOWN.to_owned() }}
                                </span>
                            </li>
                        }
                    });
                    view! {
                        {problem(totals)}
                        <ul class="states" role="list">
                            {rows.into_iter().collect_view()}
                        </ul>
                    }
                })}
            </Suspense>
        </section>
    }
}
