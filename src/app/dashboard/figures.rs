//! What the shop comes to, in a line.

use super::{
    known::{UNKNOWN, is_known},
    rows::{low_count, stock},
    sales::whole_euros,
};
use crate::{
    app::{
        inventory::{Price, grouped},
        online::use_online,
        orders::{Order, StateTotals, Sums},
    },
    orders::State,
    store::{Query, use_query},
};
use leptos::prelude::*;

/// How many orders there are in each state.
pub(super) fn by_state() -> Query<StateTotals> {
    Query::<Order>::all().group_by::<_, Sums>().sum("total")
}

/// Whether there still is something to do for an order.
fn is_open(state: State) -> bool {
    !matches!(state, State::Delivered | State::Cancelled | State::Returned)
}

#[component]
pub(super) fn Figures() -> impl IntoView {
    let (stock, low, states) = (use_query(stock()), use_query(low_count()), use_query(by_state()));
    let online = use_online();
    let people = move || online.people().map_or_else(|| UNKNOWN.to_owned(), |people| grouped(people as i64));
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Adding up…"</p> }
        }>
            {move || Suspend::new(async move {
                let (stock, low, states) = (stock.ready().await, low.ready().await, states.ready().await);
                let value = move || {
                    let value = stock.first().and_then(|all| all.sum.value).unwrap_or(Price(0));
                    if is_known(stock) { whole_euros(value.0) } else { UNKNOWN.to_owned() }
                };
                let pieces = move || {
                    let pieces = stock.first().and_then(|all| all.sum.quantity).unwrap_or(0);
                    if is_known(stock) { grouped(pieces) } else { UNKNOWN.to_owned() }
                };
                let scarce = move || match is_known(low) {
                    true => grouped(low.first().map_or(0, |row| row.count) as i64),
                    false => UNKNOWN.to_owned(),
                };
                let open = move || {
                    let open = states.rows().into_iter().filter(|row| is_open(row.group.state)).map(|row| row.count);
                    if is_known(states) { grouped(open.sum::<u64>() as i64) } else { UNKNOWN.to_owned() }
                };
                let problem = move || {
                    let errors = [
                        stock.error().map(|error| error.to_string()),
                        low.error().map(|error| error.to_string()),
                        states.error().map(|error| error.to_string()),
                    ];
                    errors.into_iter().flatten().next().map(|message| {
                        view! {
                            <div class="notice refused" role="alert">
                                <p>
                                    <strong>"Not all figures can be shown as they are now."</strong>
                                    " "
                                    {message}
                                    "."
                                </p>
                            </div>
                        }
                    })
                };
                view! {
                    {problem}
                    <dl class="figures">
                        <Figure label="Stock value" value=Signal::derive(value) />
                        <Figure label="Pieces in stock" value=Signal::derive(pieces) />
                        <Figure label="To reorder" value=Signal::derive(scarce) href="/?low=1" />
                        <Figure label="Open orders" value=Signal::derive(open) href="/orders" />
                        <Figure label="Colleagues online" value=Signal::derive(people) />
                    </dl>
                }
            })}
        </Suspense>
    }
}

#[component]
fn Figure(
    label: &'static str,
    value: Signal<String>,
    /// Where it is to be seen what it is made of.
    #[prop(optional)]
    href: Option<&'static str>,
) -> impl IntoView {
    let inside = move || match href {
        Some(href) => view! { <a href=href>{value}</a> }.into_any(),
        None => view! { <span>{value}</span> }.into_any(),
    };
    view! {
        <div class="figure">
            <dt>{label}</dt>
            <dd>{inside}</dd>
        </div>
    }
}
