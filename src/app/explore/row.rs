//! One row of the grid. A value that changes glows.

use super::{
    cell::{Cell, cell, rounded, whole},
    grid::GridColumns,
    model::Shape,
    start::class_of,
};
use crate::{
    app::{glow::glow_within, icons::Icon},
    store::{AnyKey, AnyRow, LiveQuery},
};
use leptos::{html, prelude::*};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Most characters that are told of a value where the pointer rests.
const MAX_TITLE: usize = 1_000;

/// The values of a row in the order of the columns, as JSON texts. Of a row that is gone, those of before.
pub(super) fn values_of(rows: LiveQuery<AnyRow>, key: AnyKey, columns: &GridColumns) -> Memo<Vec<Box<str>>> {
    let (row, paths) = (rows.row(key), columns.paths());
    Memo::new(move |before: Option<&Vec<Box<str>>>| {
        row.with(|row| row.values(&paths)).or_else(|| before.cloned()).unwrap_or_default()
    })
}

/// A key for people: `id 7`, `order_id 7, line 2`.
pub(super) fn words(key: &AnyKey) -> String {
    let read = |text: &str| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text).unwrap_or_default();
    let mut values = read(key.text());
    // Of totals, what the rows have in common.
    if let (1, Some(group)) = (values.len(), values.get("group").filter(|group| group.get().starts_with('{'))) {
        values = read(group.get());
    }
    let words = values.iter().map(|(name, value)| format!("{name} {}", cell(value.get(), Shape::Text).text));
    let words = words.collect::<Vec<_>>().join(", ");
    if words.is_empty() { "all rows".to_owned() } else { words }
}

/// A row, and a button that shows it in full.
#[component]
pub(super) fn RowView(
    row: AnyKey,
    rows: LiveQuery<AnyRow>,
    columns: GridColumns,
    inspected: RwSignal<Option<AnyKey>>,
) -> impl IntoView {
    let values = values_of(rows, row.clone(), &columns);
    let element = NodeRef::<html::Tr>::new();
    Effect::new(move |before: Option<Vec<Box<str>>>| {
        let now = values.get();
        if let (Some(before), Some(element)) = (before, element.get()) {
            let changed = now.iter().zip(&before).enumerate().filter(|(_, (now, before))| now != before);
            // The first cell is the button's.
            changed.for_each(|(place, _)| glow_within(&element, &format!("td:nth-child({})", place + 2)));
        }
        now
    });
    let label = format!("In full: {}", words(&row));
    let key = row.clone();
    let is_inspected = move || inspected.with(|inspected| inspected.as_ref() == Some(&key));
    let cells = columns.0.iter().enumerate().map(|(place, column)| {
        let (shape, is_rounded) = (column.shape, column.heading.is_rounded);
        let shown: Memo<Cell> = Memo::new(move |_| {
            let value = |values: &Vec<Box<str>>| {
                let json = values.get(place).map_or("null", |value| value);
                if is_rounded { rounded(json) } else { cell(json, shape) }
            };
            values.with(value)
        });
        let title = move || {
            shown.with(|shown| shown.is_cut).then(|| {
                let whole = values.with(|values| whole(values.get(place).map_or("null", |value| value), shape));
                whole.unwrap_or_default().chars().take(MAX_TITLE).collect::<String>()
            })
        };
        view! {
            <td class=class_of(shape) class:is-null=move || shown.with(|shown| shown.is_null) title=title dir="auto">
                {move || shown.with(|shown| shown.text.clone())}
            </td>
        }
    });
    view! {
        <tr node_ref=element aria-current=move || is_inspected().then_some("true")>
            <td class="peek scripted">
                <button type="button" class="icon-button" aria-label=label on:click=move |_| inspected.set(Some(row.clone()))>
                    <Icon name="forth" />
                </button>
            </td>
            {cells.collect_view()}
        </tr>
    }
}
