//! An export with its progress. Without JavaScript it is a link to a file; with it, how far it is shows while it runs, and it can be
//! given up.

use super::{fetch, search::Search};
use crate::app::{inventory::grouped, toast::use_messages};
use futures::channel::oneshot::{self, Sender};
use leptos::prelude::*;

/// How far an export is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser gets that far"))]
pub(super) enum Progress {
    /// So many of all events are here.
    Running { events: u64, total: u64 },
    /// All are.
    Done { events: u64 },
    /// It was given up.
    Cancelled,
    /// It failed; with what the server said, if it said anything.
    Failed { message: String },
}

/// Links and buttons for the two formats.
#[component]
pub(super) fn Exports(search: Search) -> impl IntoView {
    let progress = RwSignal::new(None::<(u64, u64)>);
    // Whoever drops it has given up the download: also a page that goes.
    let cancel = StoredValue::new(None::<Sender<()>>);
    let messages = use_messages();
    let report = move |told: Progress| {
        let running = match &told {
            Progress::Running { events, total } => Some((*events, *total)),
            _ => None,
        };
        // What it gives back was not set: the page is gone.
        if progress.try_set(running).is_some() {
            return;
        }
        match told {
            Progress::Running { .. } => {}
            Progress::Done { events } => messages.done(format!("{} events exported", grouped(events as i64))),
            Progress::Cancelled => messages.done("The export was given up"),
            Progress::Failed { message } => messages.refused(format!("The export was not finished. {message}")),
        }
    };
    let start = move |address: String, name: &'static str| {
        progress.set(Some((0, 0)));
        let (sender, cancelled) = oneshot::channel();
        cancel.set_value(Some(sender));
        fetch::start(address, name, cancelled, report);
    };
    let running = Memo::new(move |_| progress.with(Option::is_some));
    let buttons = [("ndjson", "NDJSON", "audit.ndjson"), ("csv", "CSV", "audit.csv")].map(|(format, label, name)| {
        let address = search.export(format);
        let fetched = address.clone();
        view! {
            <a
                class="button"
                href=address
                download=name
                rel="external"
                aria-label=format!("Export as {label}")
                aria-disabled=move || running.get().then_some("true")
                on:click=move |click| {
                    click.prevent_default();
                    if !running.get_untracked() {
                        start(fetched.clone(), name);
                    }
                }
            >
                {label}
            </a>
        }
    });
    view! {
        <div class="exports" role="group" aria-label="Export what is found">
            <span class="hint">"Export"</span>
            {buttons}
            {move || {
                running
                    .get()
                    .then(|| {
                        view! {
                            <span class="export-progress">
                                <progress
                                    aria-label="Export"
                                    max=move || progress.get().map_or(1, |(_, total)| total.max(1)).to_string()
                                    prop:value=move || progress.get().map_or(0, |(events, _)| events).to_string()
                                ></progress>
                                <span class="hint">
                                    {move || {
                                        progress
                                            .get()
                                            .map(|(events, total)| {
                                                format!("{} of {}", grouped(events as i64), grouped(total as i64))
                                            })
                                    }}
                                </span>
                                <button class="button" on:click=move |_| cancel.set_value(None)>
                                    "Cancel"
                                </button>
                            </span>
                        }
                    })
            }}
        </div>
    }
}
