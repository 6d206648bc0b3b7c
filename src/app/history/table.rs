//! The inventory's table, to be read: first what changed at the moment that is shown, then the rest.

use super::{
    journey::{Journey, Shown},
    model::Change,
    parts::{COLUMNS, cell},
};
use crate::app::query_map::use_query_map;
use crate::app::{
    icons::Icon,
    inventory::{Arranger, Column, Listing, Product, grouped},
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Rows on a page.
const PAGE: usize = 100;
/// Most changed rows that are shown before all others.
const MOST_CHANGED: usize = 25;

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    row: Product,
    /// As it was before the moment; `None` if it is shown as it is.
    before: Option<Product>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Same,
    Added,
    Removed,
    Changed,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// The table with its search.
#[component]
pub(super) fn PastTable(rows: Shown) -> impl IntoView {
    let journey = expect_context::<Journey>();
    let query = use_query_map();
    let asked = |name: &'static str| query.with_untracked(|query| query.get_str(name).unwrap_or_default().to_owned());
    let search = RwSignal::new(asked("q"));
    let page = RwSignal::new(asked("page").parse::<usize>().unwrap_or(1).max(1));
    let lines = Memo::new(move |_| rows.with(|rows| lines(rows, &journey.changes(), &search.get())));
    let pages = move || lines.with(|(_, lines)| lines.len().div_ceil(PAGE).max(1));
    let shown = move || {
        let first = (page.get().min(pages()) - 1) * PAGE;
        lines.with(|(_, lines)| lines.iter().skip(first).take(PAGE).cloned().collect::<Vec<_>>())
    };
    let count = move || {
        lines.with(|(total, _)| {
            format!("{} {}", grouped(*total as i64), if *total == 1 { "product" } else { "products" })
        })
    };
    view! {
        <form class="past-search" role="search" method="get" on:submit=|submit| submit.prevent_default()>
            {move || journey.stamp(journey.stop.get()).map(|here| view! { <input type="hidden" name="at" value=here.text() /> })}
            <label class="search">
                <Icon name="search" />
                <span class="unseen">"Search by SKU, name, category or location"</span>
                <input
                    type="search"
                    name="q"
                    placeholder="SKU, name, category, location"
                    autocomplete="off"
                    value=search.get_untracked()
                    on:input=move |input| {
                        search.set(event_target_value(&input));
                        page.set(1);
                    }
                />
            </label>
            <button class="button plain">"Search"</button>
            <p class="count">{count}</p>
        </form>
        <div class="past">
            <table role="table" aria-label="Products">
                <thead role="rowgroup">
                    <tr role="row">
                        {COLUMNS
                            .map(|column| {
                                view! {
                                    <th role="columnheader" scope="col" class=column.word()>
                                        <span>{column.label()}</span>
                                    </th>
                                }
                            })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody role="rowgroup">{move || shown().into_iter().map(|line| view! { <LineView line /> }).collect_view()}</tbody>
            </table>
            {move || {
                lines
                    .with(|(_, lines)| lines.is_empty())
                    .then(|| {
                        view! { <p class="blank">{if search.with(String::is_empty) { "There were no products." } else { "Nothing matches." }}</p> }
                    })
            }}
        </div>
        {move || {
            let (all, now) = (pages(), page.get().min(pages()));
            let link = move |to: usize, label: &'static str| {
                let here = journey.stamp(journey.stop.get()).map(|here| format!("at={}&", here.text())).unwrap_or_default();
                let address = format!("?{here}page={to}");
                (1..=all)
                    .contains(&to)
                    .then(|| {
                        view! {
                            <a
                                class="button"
                                href=address
                                rel="external"
                                on:click=move |click| {
                                    click.prevent_default();
                                    page.set(to);
                                }
                            >
                                {label}
                            </a>
                        }
                    })
            };
            (all > 1)
                .then(|| {
                    view! {
                        <nav class="pager" aria-label="Pages of the list">
                            {link(now - 1, "Previous")}
                            <span>{format!("Page {now} of {all}")}</span>
                            {link(now + 1, "Next")}
                        </nav>
                    }
                })
        }}
    }
}

#[component]
fn LineView(line: Line) -> impl IntoView {
    let Line { row, before, kind } = line;
    let cells = COLUMNS.map(|column| {
        let is = cell(&row, column);
        let was = before.as_ref().map(|before| cell(before, column)).filter(|was| *was != is);
        let differs = was.is_some();
        let inner = view! {
            {was.map(|was| view! { <del>{was}</del> <span class="to">" → "</span> })}
            <span>{is}</span>
        };
        if column == Column::Name {
            let tag = (kind != Kind::Same).then(|| view! { <span class="tag">{kind.word()}</span> });
            view! {
                <th role="rowheader" scope="row" class="name" class:differs=differs dir="auto">
                    {tag}
                    {inner}
                </th>
            }
            .into_any()
        } else {
            view! {
                <td role="cell" class=column.word() class:differs=differs dir="auto">
                    {inner}
                </td>
            }
            .into_any()
        }
    });
    view! { <tr role="row" class=kind.word()>{cells.collect_view()}</tr> }
}

/// How many rows there are, and those that match: changed ones first, then all in the order of the SKU.
fn lines(rows: &[Product], changes: &[Change], search: &str) -> (usize, Vec<Line>) {
    let listing = Listing { search: search.to_owned(), ..Listing::default() };
    let mut arranger = Arranger::new(&listing);
    rows.iter().for_each(|row| arranger.take(row));
    let by_key: BTreeMap<i64, &Product> = rows.iter().map(|row| (row.id, row)).collect();
    let mut changed: BTreeMap<i64, (Option<Product>, Kind)> = BTreeMap::new();
    let mut lines = Vec::new();
    for change in changes.iter().take(MOST_CHANGED) {
        match (&change.old, &change.new) {
            (Some(old), Some(new)) => drop(changed.insert(new.id, (Some(old.clone()), Kind::Changed))),
            (None, Some(new)) => drop(changed.insert(new.id, (None, Kind::Added))),
            (Some(old), None) => {
                let mut gone = Arranger::new(&listing);
                gone.take(old);
                if !gone.finish().keys.is_empty() {
                    lines.push(Line { row: old.clone(), before: None, kind: Kind::Removed });
                }
            }
            (None, None) => {}
        }
    }
    let keys = arranger.finish().keys;
    let line = |key: &i64, before: Option<Product>, kind| {
        by_key.get(key).map(|row| Line { row: (*row).clone(), before, kind })
    };
    lines.extend(keys.iter().filter_map(|key| {
        let (before, kind) = changed.get(key)?.clone();
        line(key, before, kind)
    }));
    lines.extend(keys.iter().filter(|key| !changed.contains_key(key)).filter_map(|key| line(key, None, Kind::Same)));
    (rows.len(), lines)
}
