//! Orders and what they cost, step by step.

use super::{
    bars::Bar,
    chart::Chart,
    known::{is_known, problem},
    range::Range,
    rows::{ByDay, ByHour, ByMinute, Step, sales},
};
use crate::{
    app::inventory::{Price, grouped},
    store::use_query,
};
use leptos::prelude::*;
use std::collections::HashMap;

/// Orders and euros of each step.
type Sold = HashMap<i64, (i64, i64)>;

/// The charts of a range, up to the step that it is.
#[component]
pub(super) fn Sales(range: Range, last: Memo<i64>) -> impl IntoView {
    match range {
        Range::Hour => charts::<ByMinute>(range, last).into_any(),
        Range::Day => charts::<ByHour>(range, last).into_any(),
        Range::Month => charts::<ByDay>(range, last).into_any(),
    }
}

fn charts<S: Step>(range: Range, last: Memo<i64>) -> impl IntoView {
    let groups = use_query(move || sales::<S>(range, range.first(last.get())));
    let sold: Memo<Sold> = Memo::new(move |_| {
        let steps = groups.rows().into_iter().filter_map(|row| {
            let cents = row.sum.total.map_or(0, |total| total.0);
            Some((range.step_of(row.group.begin())?, (row.count as i64, cents)))
        });
        steps.collect()
    });
    let is_known = Signal::derive(move || is_known(groups));
    let bars = move |amount: fn(&(i64, i64)) -> i64| {
        Memo::new(move |_| {
            let last = last.get();
            let bar = |step| {
                let amount = sold.with(|sold| sold.get(&step).map_or(0, amount));
                Bar { step, name: range.name(step), amount }
            };
            (range.first(last)..=last).map(bar).collect::<Vec<_>>()
        })
    };
    let (orders, revenue) = (bars(|(orders, _)| *orders), bars(|(_, cents)| *cents));
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Adding up the orders…"</p> }
        }>
            {move || Suspend::new(async move {
                let groups = groups.ready().await;
                view! {
                    {problem(groups)}
                    <Chart title="Revenue" step=range.step_label() bars=revenue is_known words=euros about=whole_euros />
                    <Chart title="Orders" step=range.step_label() bars=orders is_known words=grouped about=grouped />
                }
            })}
        </Suspense>
    }
}

/// Without cents: there is no room for them, and nobody looks.
pub(super) fn whole_euros(cents: i64) -> String {
    format!("{} €", grouped(cents / 100))
}

fn euros(cents: i64) -> String {
    format!("{} €", Price(cents))
}
