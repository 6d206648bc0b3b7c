//! A row in full, live while it is looked at.

use super::{
    cell::{indented, laid_out},
    clipboard,
    grid::GridColumns,
    row::{values_of, words},
    start::class_of,
};
use crate::{
    app::{dialog, toast::use_messages},
    store::{AnyKey, AnyRow, LiveQuery},
};
use leptos::{html, prelude::*};

/// A dialog as long as a row is inspected.
#[component]
pub(super) fn Inspector(
    inspected: RwSignal<Option<AnyKey>>,
    rows: LiveQuery<AnyRow>,
    columns: GridColumns,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    dialog::follow(element, move || inspected.with(Option::is_some), || ());
    let content = move || {
        let columns = columns.clone();
        inspected.get().map(|key| view! { <Whole row=key rows columns /> })
    };
    view! {
        <dialog class="inspector" aria-labelledby="inspected-row" node_ref=element on:close=move |_| inspected.set(None)>
            {content}
            <form method="dialog" class="dialog-buttons">
                <button class="button primary">"Close"</button>
            </form>
        </dialog>
    }
}

#[component]
fn Whole(row: AnyKey, rows: LiveQuery<AnyRow>, columns: GridColumns) -> impl IntoView {
    let messages = use_messages();
    let (signal, values) = (rows.row(row.clone()), values_of(rows, row.clone(), &columns));
    let is_gone = move || signal.with(|_| ()).is_none();
    let copy = move |_| {
        let text = untrack(|| signal.with(|row| indented(row.text())));
        text.into_iter().for_each(|text| clipboard::copy(text, messages, "The row is copied"));
    };
    let fields = columns.0.iter().enumerate().map(|(place, column)| {
        let shape = column.shape;
        let text =
            Memo::new(move |_| values.with(|values| laid_out(values.get(place).map_or("null", |value| value), shape)));
        view! {
            <dt>
                <bdi>{column.heading.label.clone()}</bdi>
            </dt>
            <dd class=class_of(shape) class:is-null=move || text.with(Option::is_none) dir="auto">
                {move || text.get().unwrap_or_else(|| "null".to_owned())}
            </dd>
        }
    });
    view! {
        <h2 id="inspected-row">
            {words(&row)}
        </h2>
        <p class="hint" role="status">
            {move || if is_gone() { "This row is gone, or not among those shown any more." } else { "Follows every change." }}
        </p>
        <dl class="whole">{fields.collect_view()}</dl>
        <button type="button" class="button copy-row" on:click=copy>
            "Copy as JSON"
        </button>
    }
}
