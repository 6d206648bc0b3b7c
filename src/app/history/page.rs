//! The page: a moment of the inventory, or two of them compared.

use super::{
    actions::read_past,
    compare::ComparePage,
    controls::Controls,
    journey::Journey,
    model::{Past, Refusal},
    moment::MomentPanel,
    parts::{Problem, Trouble},
    scope::Scope,
    table::PastTable,
    timeline::Timeline,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::inventory::Product,
    identity::visitor::use_visitor,
    store::{Live, Phase, use_query},
};
use leptos::prelude::*;
use leptos_meta::Title;
use std::{sync::Arc, time::Duration};

/// How often at most the table follows the live rows.
const FRAME: Duration = Duration::from_millis(200);
/// How long after a change it is asked which moment that was.
const LOOK_AGAIN: Duration = Duration::from_millis(600);

/// The past of the inventory, for those who work here.
#[component]
pub(in crate::app) fn HistoryPage() -> impl IntoView {
    let query = use_query_map();
    let scope = Memo::new(move |_| query.with(Scope::read));
    let compares = Memo::new(move |_| query.with(|query| query.get_str("and").is_some_and(|and| !and.is_empty())));
    let works_here = use_visitor().person.works_here();
    view! {
        <Title text="History · Rowcast" />
        <div class="history">
            {move || {
                provide_context(scope.get());
                match (works_here, compares.get()) {
                    (false, _) => view! { <Problem refusal=Refusal::NotAllowed /> }.into_any(),
                    (true, true) => view! { <ComparePage /> }.into_any(),
                    (true, false) => view! { <MomentPage /> }.into_any(),
                }
            }}
        </div>
    }
}

/// One moment. The live rows are there from the beginning, so that the present is a step away.
#[component]
fn MomentPage() -> impl IntoView {
    let query = use_query_map();
    let at = query.with_untracked(|query| query.get_str("at").unwrap_or_default().to_owned());
    let scope = Scope::of_page();
    let past = Resource::new_blocking(|| (), move |()| read_past(at.clone(), scope.product));
    let products = use_query(scope.query());
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the history…"</p> }
        }>
            {move || Suspend::new(async move {
                let products = products.ready().await;
                match past.await.unwrap_or(Err(Refusal::Unavailable)) {
                    Ok(past) => view! { <Travel past live=untrack(|| products.live()) /> }.into_any(),
                    Err(refusal) => view! { <Problem refusal /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// The parts of the page around one journey.
#[component]
fn Travel(past: Past, live: Live<Product>) -> impl IntoView {
    let journey = Journey::new(past);
    provide_context(journey);
    on_cleanup(move || journey.end());
    let frame = frames_of(&live, journey);
    let is_live = Memo::new(move |_| journey.is_live());
    let rows = Signal::derive(move || {
        if is_live.get() {
            frame.track();
            Arc::new(live.snapshot())
        } else {
            Arc::new(journey.rows.with(|rows| rows.0.values().cloned().collect::<Vec<_>>()))
        }
    });
    view! {
        <Controls />
        <Trouble />
        <div class="history-body">
            <div class="history-now">
                <PastTable rows />
            </div>
            <aside class="history-side" aria-label="What changed">
                <MomentPanel />
                <Timeline />
            </aside>
        </div>
    }
}

/// A number that follows the live rows a few times a second; and when they change, it is asked which moment that was.
fn frames_of(live: &Live<Product>, journey: Journey) -> RwSignal<u64> {
    let live = live.clone();
    let frame = RwSignal::new(untrack(|| live.revision()));
    let (due, looks) = (StoredValue::new(false), StoredValue::new(None::<TimeoutHandle>));
    Effect::new(move |known: Option<u64>| {
        let (revision, phase) = (live.revision(), live.phase());
        if !matches!(phase, Phase::Live) || known.is_none_or(|known| known == revision) {
            frame.set(revision);
            return revision;
        }
        if !due.get_value() {
            due.set_value(true);
            let live = live.clone();
            let show = move || {
                due.try_set_value(false);
                frame.try_set(untrack(|| live.revision()));
            };
            set_timeout(show, FRAME);
        }
        if let Some(timer) = looks.get_value() {
            timer.clear();
        }
        looks.set_value(set_timeout_with_handle(move || journey.look_again(), LOOK_AGAIN).ok());
        revision
    });
    on_cleanup(move || {
        if let Some(Some(timer)) = looks.try_get_value() {
            timer.clear();
        }
    });
    frame
}
