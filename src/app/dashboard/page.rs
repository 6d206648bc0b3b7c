//! The page.

use super::{
    PAGE, feed::Feed, figures::Figures, known::Stale, low::LowStock, popular::Popular, range::Range, sales::Sales,
    states::States,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{now::use_now, response::set_status},
    identity::visitor::use_visitor,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The parameter of the address that says which time is looked at.
const RANGE: &str = "range";
/// The one that says that it hangs on a wall.
const WALL: &str = "wall";
/// Status of a page that is not for whoever asks.
const FORBIDDEN: u16 = 403;

/// For those who work here.
#[component]
pub(in crate::app) fn DashboardPage() -> impl IntoView {
    let body = if use_visitor().person.works_here() {
        view! { <Dashboard /> }.into_any()
    } else {
        set_status(FORBIDDEN);
        view! {
            <section class="blank">
                <h1>"This page is not for you"</h1>
                <p>"The figures of the shop are for those who work here."</p>
                <p>
                    <a class="button" href="/">
                        "Go to the inventory"
                    </a>
                </p>
            </section>
        }
        .into_any()
    };
    view! {
        <Title text="Dashboard · Rowcast" />
        {body}
    }
}

fn address(range: Range, wall: bool) -> String {
    let wall = if wall { format!("&{WALL}=1") } else { String::new() };
    format!("{PAGE}?{RANGE}={}{wall}", range.word())
}

#[component]
fn Dashboard() -> impl IntoView {
    let query = use_query_map();
    let range = Memo::new(move |_| query.with(|query| Range::read(query.get_str(RANGE))));
    let wall = Memo::new(move |_| query.with(|query| query.get_str(WALL).is_some_and(|word| word == "1")));
    let now = use_now();
    let last = move |range: Range| Memo::new(move |_| range.step_at(now.millis()));
    let ranges = Range::ALL.map(|one| {
        let current = move || (range.get() == one).then_some("true");
        view! {
            <a href=move || address(one, wall.get()) aria-current=current data-noscroll>
                {one.label()}
            </a>
        }
    });
    view! {
        <div class="dashboard" class:wall=wall>
            <div class="heading">
                <h1>"Dashboard"</h1>
                <nav class="choice" aria-label="Which time is looked at">
                    {ranges.into_iter().collect_view()}
                </nav>
                <a class="button" href=move || address(range.get(), !wall.get())>
                    {move || if wall.get() { "Leave the wall display" } else { "Wall display" }}
                </a>
            </div>
            {move || wall.get().then(|| view! { <Stale /> })}
            <Figures />
            <div class="dashboard-charts">
                {move || {
                    let range = range.get();
                    view! { <Sales range last=last(range) /> }
                }}
            </div>
            <div class="dashboard-panels">
                <States />
                {move || {
                    let range = range.get();
                    view! { <Popular range last=last(range) /> }
                }}
                <LowStock />
                <Feed />
            </div>
        </div>
    }
}
