//! All servers that are heard: what they come to together, and each in a line.

use super::{
    desk::Desk,
    words::{bytes, count, duration, rate},
};
use crate::{
    app::{clock::use_clock, inventory::grouped, time::Timestamp, when::When},
    operations::report::ServerReport,
};
use leptos::prelude::*;

/// What servers are called is long, and its beginning tells them apart.
const NAME: usize = 8;

/// A short name of a server.
pub(super) fn short(node: &str) -> String {
    node.chars().take(NAME).collect()
}

#[component]
pub(super) fn Figures(desk: Desk) -> impl IntoView {
    let number = |number: usize| grouped(i64::try_from(number).unwrap_or(i64::MAX));
    let changes = move || {
        let last = desk.drawn().and_then(|server| server.steps.last().copied());
        last.map_or_else(|| "–".to_owned(), |step| rate(step.changes as i64))
    };
    let waiting = move || bytes(desk.sum(|server| server.queued_bytes) as u64);
    let figure = |label: &'static str, value: Signal<String>| {
        view! {
            <div class="figure">
                <dt>{label}</dt>
                <dd>
                    <span>{value}</span>
                </dd>
            </div>
        }
    };
    view! {
        <dl class="figures operations-figures">
            {figure("Open pages and scripts", Signal::derive(move || number(desk.sum(|server| server.sessions))))}
            {figure("Slow readers", Signal::derive(move || number(desk.sum(|server| server.slow))))}
            {figure("Waiting to be sent", Signal::derive(waiting))}
            {figure("Changes a second", Signal::derive(changes))}
            {figure("Servers", Signal::derive(move || number(desk.servers.with(|servers| servers.len()))))}
        </dl>
    }
}

#[component]
pub(super) fn Servers(desk: Desk) -> impl IntoView {
    let alone = move || match desk.servers.with(|servers| servers.values().next().map(|server| server.nodes)) {
        None => Some("No server is heard at the moment."),
        Some(None) => Some(
            "Other servers of this database show here if a Redis joins them (rowcast serve --redis); this one has none.",
        ),
        Some(Some(false)) => Some(
            "The Redis that joins the servers cannot be reached: other servers are not shown, and nothing reaches them.",
        ),
        Some(Some(true)) => None,
    };
    view! {
        <section class="panel" aria-label="Servers">
            <h2>"Servers"</h2>
            <div class="wide" tabindex="0" role="group" aria-label="Servers">
                <table class="operations-table">
                    <thead>
                        <tr>
                            <th scope="col">"Server"</th>
                            <th scope="col">"Started"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="amount">"Sessions"</th>
                            <th scope="col" class="amount">"People"</th>
                            <th scope="col" class="amount">"Slow"</th>
                            <th scope="col" class="amount">"Queries"</th>
                            <th scope="col" class="amount">"Waiting"</th>
                            <th scope="col" class="amount">"Queues emptied"</th>
                            <th scope="col" class="amount">"Stands at"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=move || desk.servers.with(|servers| servers.keys().cloned().collect::<Vec<_>>())
                            key=Clone::clone
                            children=move |node| view! { <Server desk node /> }
                        />
                    </tbody>
                </table>
            </div>
            <p class="hint">{alone}</p>
            <Limits desk />
        </section>
    }
}

#[component]
fn Server(desk: Desk, node: String) -> impl IntoView {
    let name = short(&node);
    let report = Memo::new(move |before: Option<&ServerReport>| {
        let now = desk.servers.with(|servers| servers.get(&node).cloned());
        now.or_else(|| before.cloned()).unwrap_or_default()
    });
    let clock = use_clock();
    let with = move |of: fn(&ServerReport) -> String| move || report.with(of);
    let number = |number: u64| grouped(i64::try_from(number).unwrap_or(i64::MAX));
    let started = Signal::derive(move || Some(Timestamp(report.with(|report| report.started) * 1_000)));
    let up = move || {
        let now = clock.coarse()?;
        Some(format!("up {}", duration(u64::try_from(now - report.with(|report| report.started)).unwrap_or(0))))
    };
    let state = move || match report.with(|report| report.available) {
        true => view! { <span class="fine">"Live"</span> }.into_any(),
        false => view! { <span class="bad">"No database"</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <code>{name}</code>
                <span class="hint">{with(|report| format!("{}, version {}", report.address, report.version))}</span>
            </th>
            <td>
                <When at=started />
                <span class="hint">{up}</span>
            </td>
            <td>{state}</td>
            <td class="amount">{move || number(report.with(|report| report.sessions) as u64)}</td>
            <td class="amount">{move || number(report.with(|report| report.people) as u64)}</td>
            <td class="amount" class:bad=move || report.with(|report| report.slow > 0)>
                {move || number(report.with(|report| report.slow) as u64)}
            </td>
            <td class="amount">{move || number(report.with(|report| report.queries) as u64)}</td>
            <td class="amount">{with(|report| bytes(report.queued_bytes as u64))}</td>
            <td class="amount">{move || number(report.with(|report| report.emptied))}</td>
            <td class="amount">{move || number(report.with(|report| report.transaction))}</td>
        </tr>
    }
}

/// Limits that were reached, of whichever server.
#[component]
fn Limits(desk: Desk) -> impl IntoView {
    let reached = Memo::new(move |_| {
        let mut sums = std::collections::BTreeMap::new();
        desk.servers.with(|servers| {
            for (name, count) in servers.values().flat_map(|server| &server.limits) {
                *sums.entry(name.replace('_', " ")).or_insert(0) += count;
            }
        });
        sums
    });
    move || {
        let reached = reached.get();
        (!reached.is_empty()).then(|| {
            view! {
                <details class="limits">
                    <summary>{format!("{} reached since the servers started", count(reached.len(), "limit"))}</summary>
                    <dl>
                        {reached
                            .into_iter()
                            .map(|(name, count)| {
                                view! {
                                    <div>
                                        <dt>{name}</dt>
                                        <dd>{grouped(i64::try_from(count).unwrap_or(i64::MAX))}</dd>
                                    </div>
                                }
                            })
                            .collect_view()}
                    </dl>
                </details>
            }
        })
    }
}
