//! The page: a moment of the inventory, or two of them compared.

use super::{
    actions::read_past,
    compare::ComparePage,
    controls::Controls,
    journey::{Journey, Shown},
    model::{Past, Refusal},
    moment::MomentPanel,
    parts::{Problem, Trouble},
    table::PastTable,
    timeline::Timeline,
};
use crate::{
    app::{inventory::Product, response::set_status},
    identity::visitor::use_visitor,
    store::{Live, Phase, Query, use_query},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use std::{sync::Arc, time::Duration};

/// How often at most the table follows the live rows.
const FRAME: Duration = Duration::from_millis(200);
/// How long after a change it is asked which moment that was.
const LOOK_AGAIN: Duration = Duration::from_millis(600);

/// The past of the inventory, for those who work here.
#[component]
pub(in crate::app) fn HistoryPage() -> impl IntoView {
    let query = use_query_map();
    let compares = Memo::new(move |_| query.with(|query| query.get_str("and").is_some_and(|and| !and.is_empty())));
    let works_here = use_visitor().person.works_here();
    view! {
        <Title text="History · Rowcast" />
        <div class="history">
            {move || match (works_here, compares.get()) {
                (false, _) => view! { <Problem refusal=Refusal::NotAllowed /> }.into_any(),
                (true, true) => view! { <ComparePage /> }.into_any(),
                (true, false) => view! { <MomentPage /> }.into_any(),
            }}
        </div>
    }
}

/// One moment.
#[component]
fn MomentPage() -> impl IntoView {
    let query = use_query_map();
    let at = query.with_untracked(|query| query.get_str("at").unwrap_or_default().to_owned());
    let past = Resource::new_blocking(|| (), move |()| read_past(at.clone()));
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the history…"</p> }
        }>
            {move || Suspend::new(async move {
                let past = past.await.unwrap_or(Err(Refusal::Unavailable));
                view! { <Travel past /> }
            })}
        </Suspense>
    }
}

/// The parts of the page around one journey.
#[component]
fn Travel(past: Result<Past, Refusal>) -> impl IntoView {
    if let Err(refusal) = &past {
        set_status(refusal.status());
    }
    let journey = Journey::new(past);
    provide_context(journey);
    on_cleanup(move || journey.end());
    let live = Memo::new(move |_| journey.is_live());
    let table = move || {
        if live.get() {
            view! { <LiveRows /> }.into_any()
        } else {
            let rows = Signal::derive(move || {
                Arc::new(journey.rows.with(|rows| rows.0.values().cloned().collect::<Vec<_>>()))
            });
            view! { <PastTable rows /> }.into_any()
        }
    };
    view! {
        <Controls />
        <Trouble />
        <div class="history-body">
            <div class="history-now">{table}</div>
            <aside class="history-side" aria-label="What changed">
                <MomentPanel />
                <Timeline />
            </aside>
        </div>
    }
}

/// The present: the rows are those of the inventory, live.
#[component]
fn LiveRows() -> impl IntoView {
    let products = use_query(Query::<Product>::all());
    let body = move || {
        Suspend::new(async move {
            let products = products.ready().await;
            let live = untrack(|| products.live());
            let rows = followed(&live);
            view! { <PastTable rows /> }
        })
    };
    view! {
        <Suspense fallback=|| view! { <p class="blank" role="status">"Loading the inventory…"</p> }>{body}</Suspense>
    }
}

/// The live rows, a few times a second; and when they change, the moment that changed them.
fn followed(live: &Live<Product>) -> Shown {
    let journey = expect_context::<Journey>();
    let frame = RwSignal::new(0_u64);
    let (due, looks) = (StoredValue::new(false), StoredValue::new(None::<TimeoutHandle>));
    let watched = live.clone();
    Effect::new(move |known: Option<u64>| {
        let revision = watched.revision();
        if !matches!(watched.phase(), Phase::Live) || known.is_none_or(|known| known == revision) {
            frame.set(revision);
            return revision;
        }
        if !due.get_value() {
            due.set_value(true);
            let watched = watched.clone();
            let show = move || {
                due.try_set_value(false);
                frame.try_set(untrack(|| watched.revision()));
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
    let live = live.clone();
    Signal::derive(move || {
        frame.track();
        Arc::new(live.snapshot())
    })
}
