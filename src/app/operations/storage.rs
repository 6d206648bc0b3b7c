//! Tracked tables with what capturing them costs, and the changelog: how large, how far back.

use super::{
    desk::Desk,
    words::{bytes, count, duration},
};
use crate::{
    app::{inventory::grouped, time::Timestamp, when::When},
    operations::report::{StorageReport, TableLine},
};
use leptos::prelude::*;

#[component]
pub(super) fn Storage(desk: Desk) -> impl IntoView {
    move || match desk.storage.get() {
        Some((storage, tables)) => view! {
            <div class="operations-pair">
                <Tables storage=storage.clone() tables />
                <Changelog storage />
            </div>
        }
        .into_any(),
        None => view! {
            <section class="panel" aria-label="Tables">
                <h2>"Tables"</h2>
                <p class="hint" role="status">
                    "The database has not said yet how large everything is. It is asked again every ten seconds."
                </p>
            </section>
        }
        .into_any(),
    }
}

#[component]
fn Tables(storage: StorageReport, tables: Vec<TableLine>) -> impl IntoView {
    let counted = storage.counted_seconds.filter(|seconds| *seconds > 0.0);
    let all: i64 = tables.iter().map(|table| table.bytes).sum();
    let words = match counted {
        Some(seconds) => format!(
            "What capture costs, counted in the last {}: the bytes of row text that a change puts into the changelog, the row \
             before and after, and each table’s share of all such bytes.",
            duration((seconds * 1_000.0) as u64)
        ),
        None => "What capture costs is not counted yet: it needs a mark, which is set every half minute, and not too many changes.".to_owned(),
    };
    let row = move |table: TableLine| {
        let TableLine { name, rows, table_bytes, changes, bytes: cost } = table;
        let known = |text: String| if counted.is_some() { text } else { "–".to_owned() };
        let per_minute = counted.map_or(0.0, |seconds| changes as f64 * 60.0 / seconds);
        let size = |size: i64| bytes(u64::try_from(size).unwrap_or(0));
        let each = if changes > 0 { size(cost / changes) } else { "–".to_owned() };
        let share = if all > 0 { format!("{:.0} %", cost as f64 * 100.0 / all as f64) } else { "–".to_owned() };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="amount">{rows.map_or_else(|| "–".to_owned(), |rows| format!("≈ {}", grouped(rows)))}</td>
                <td class="amount">{table_bytes.map_or_else(|| "gone".to_owned(), size)}</td>
                <td class="amount">{known(decimal(per_minute))}</td>
                <td class="amount">{known(each)}</td>
                <td class="amount">{known(share)}</td>
            </tr>
        }
    };
    let empty = tables.is_empty();
    view! {
        <section class="panel" aria-label="Tables">
            <div class="operations-head">
                <h2>"Tables"</h2>
                <p class="hint">{format!("{} tracked", count(tables.len(), "table"))}</p>
            </div>
            {empty.then(|| view! { <p class="hint operations-empty">"No table is tracked: rowcast track TABLE makes one live."</p> })}
            <div class="wide" tabindex="0" role="group" aria-label="Tables">
                <table class="operations-table">
                    <thead>
                        <tr>
                            <th scope="col">"Table"</th>
                            <th scope="col" class="amount">"Rows"</th>
                            <th scope="col" class="amount">"On disk"</th>
                            <th scope="col" class="amount">"Changes a minute"</th>
                            <th scope="col" class="amount">"Cost of a change"</th>
                            <th scope="col" class="amount">"Share"</th>
                        </tr>
                    </thead>
                    <tbody>{tables.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            <p class="hint">{words}</p>
        </section>
    }
}

#[component]
fn Changelog(storage: StorageReport) -> impl IntoView {
    let StorageReport { parts, rotated, horizon, paused, keep_seconds, keep_bytes, .. } = storage;
    let all: i64 = parts.iter().map(|(size, _)| size).sum();
    let size = |size: i64| bytes(u64::try_from(size).unwrap_or(0));
    let time = |at: Option<i64>| Signal::stored(at.map(|at| Timestamp(at * 1_000)));
    let parts = parts.into_iter().enumerate().map(|(number, (bytes, current))| {
        let words = if current { ", in use" } else { "" };
        view! { <li>{format!("Part {}: {}{words}", number + 1, size(bytes))}</li> }
    });
    let kept = match keep_bytes {
        Some(most) => format!("{}, or {} of it", duration(keep_seconds * 1_000), bytes(most)),
        None => format!("{}, of any size", duration(keep_seconds * 1_000)),
    };
    view! {
        <section class="panel" aria-label="Changelog">
            <h2>"Changelog"</h2>
            {paused
                .then(|| {
                    view! {
                        <p class="bad">
                            "No changes are added at present: no server was there for too long. The next one that starts goes on."
                        </p>
                    }
                })}
            <dl class="operations-facts">
                <div>
                    <dt>"On disk"</dt>
                    <dd>{size(all)}</dd>
                </div>
                <div>
                    <dt>"Parts"</dt>
                    <dd>
                        <ul role="list">{parts.collect_view()}</ul>
                    </dd>
                </div>
                <div>
                    <dt>"This part since"</dt>
                    <dd>
                        <When at=time(rotated) />
                    </dd>
                </div>
                <div>
                    <dt>"Pages can continue from"</dt>
                    <dd>
                        {match horizon {
                            Some(_) => view! { <When at=time(horizon) /> }.into_any(),
                            None => "no mark yet".into_any(),
                        }}
                    </dd>
                </div>
                <div>
                    <dt>"Kept for"</dt>
                    <dd>{kept}</dd>
                </div>
            </dl>
            <p class="hint">
                "Who was away for longer starts over from a snapshot. It is set in Leptos.toml: keep-hours and keep-megabytes."
            </p>
        </section>
    }
}

/// A number with one digit after the point, if it is small.
fn decimal(number: f64) -> String {
    if number >= 9.95 || number == 0.0 { grouped(number.round() as i64) } else { format!("{number:.1}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn small_numbers_have_a_digit_more() {
        assert_eq!([0.0, 0.04, 9.9, 10.2, 1_234.5].map(super::decimal), ["0", "0.0", "9.9", "10", "1,235"]);
    }
}
