//! The rows of a file, and what becomes of each.

use super::{
    PATH,
    model::{Change, Kind, RowView, Show, State, View},
};
use crate::app::inventory::grouped;
use leptos::prelude::*;

/// Filters, and the first of the rows.
#[component]
pub(super) fn Preview(view: View) -> impl IntoView {
    let View { id, counts, show: shown, rows, state, .. } = view;
    let filters = Show::ALL
        .into_iter()
        .filter(|show| *show == Show::All || *show == shown || counts.of(*show) > 0)
        .map(|show| {
            let address = match show {
                Show::All => format!("{PATH}/{id}"),
                show => format!("{PATH}/{id}?{}={}", Show::PARAMETER, show.word()),
            };
            view! {
                <a id=filter_id(show) href=address data-noscroll aria-current=(show == shown).then_some("true")>
                    {show.label()} " "
                    <span class="import-count">{grouped(counts.of(show) as i64)}</span>
                </a>
            }
        })
        .collect_view();
    let all = counts.of(shown);
    let more =
        (rows.len() < all).then(|| format!("The first {} of {}.", grouped(rows.len() as i64), grouped(all as i64)));
    let table = if rows.is_empty() {
        view! { <p class="blank">"There are no such rows."</p> }.into_any()
    } else {
        view! {
            <ol role="list" class="import-rows" aria-label="Rows of the file">
                {rows.into_iter().map(|row| view! { <OneRow row /> }).collect_view()}
            </ol>
        }
        .into_any()
    };
    let title = if matches!(state, State::Done | State::Undone) { "What was in the file" } else { "Preview" };
    view! {
        <section class="import-preview" aria-labelledby="import-preview">
            <h2 id="import-preview">{title}</h2>
            <nav class="import-filters" aria-label="Which rows">
                {filters}
            </nav>
            {table}
            {more.map(|more| view! { <p class="hint">{more}</p> })}
        </section>
    }
}

/// By which the focus finds it when the rows are drawn anew.
pub(super) fn filter_id(show: Show) -> String {
    format!("import-show-{}", show.word())
}

#[component]
fn OneRow(row: RowView) -> impl IntoView {
    let RowView { line, kind, id, name, sku, changes, problems, is_stale } = row;
    let name = if name.is_empty() { "—".to_owned() } else { name };
    let name = match id {
        Some(id) => view! {
            <a href=crate::app::product::address(id)>
                <bdi>{name}</bdi>
            </a>
        }
        .into_any(),
        None => view! { <bdi>{name}</bdi> }.into_any(),
    };
    let word = match kind {
        Kind::New => "new",
        Kind::Changed => "changed",
        Kind::Unchanged => "unchanged",
        Kind::Wrong => "wrong",
    };
    let problems = problems.into_iter().map(|(column, words)| {
        let column = (!column.is_empty()).then(|| view! { <code>{column}</code> });
        view! { <li class="problem">{column} " " {words}</li> }
    });
    view! {
        <li class="import-row" class:stale=is_stale>
            <span class="import-line">"Line " {line}</span>
            <span class=format!("import-kind {word}")>{kind.label()}</span>
            <p class="import-name">
                {name} " " <span class="code">{sku}</span>
            </p>
            <ul role="list" class="import-details">
                {is_stale.then(|| view! { <li class="import-stale">"Somebody has changed it since you looked"</li> })}
                {problems.collect_view()}
                {changes.into_iter().map(|change| view! { <OneChange change is_new=kind == Kind::New /> }).collect_view()}
            </ul>
        </li>
    }
}

#[component]
fn OneChange(change: Change, is_new: bool) -> impl IntoView {
    let Change { field, from, to } = change;
    let from = (!is_new).then(|| {
        view! {
            <del>
                <bdi>{from}</bdi>
            </del>
            <span aria-hidden="true">" → "</span>
        }
    });
    view! {
        <li>
            <span class="import-field">{field.label()}</span>
            " "
            {from}
            <ins>
                <bdi>{to}</bdi>
            </ins>
        </li>
    }
}
