//! One row. Its cells read the row's own signal, so that a changed cell touches one text node.

use super::{
    bulk::PickBox,
    product::{Product, ProductKey, grouped},
    quantity::QuantityCell,
    remove::DeleteLink,
    sheet::Sheet,
};
use crate::{
    app::{clock::use_clock, glow::glow_within, product::address},
    identity::visitor::use_visitor,
};
use leptos::{html, prelude::*};
use leptos_router::components::A;

/// Whether a cell shows something else for the one than for the other.
type Differs = fn(&Product, &Product) -> bool;

/// How a cell is found and what it shows, as far as it matters for glowing.
const CELLS: [(&str, Differs); 7] = [
    (".sku", |a, b| a.sku != b.sku),
    (".name", |a, b| a.name != b.name),
    (".category", |a, b| a.category != b.category),
    (".location", |a, b| a.location != b.location),
    (".quantity", |a, b| a.quantity != b.quantity),
    (".reorder_level", |a, b| a.reorder_level != b.reorder_level),
    (".price", |a, b| a.price != b.price),
];

/// The row's signal, and what is read from it. It follows a row that was deleted and came back under the same key.
#[derive(Clone, Copy)]
pub(super) struct RowView {
    signal: Memo<Option<ArcReadSignal<Product>>>,
}

impl RowView {
    fn new(sheet: &Sheet, id: i64) -> Self {
        let (live, frame) = (sheet.live.clone(), sheet.frame);
        let signal = Memo::new(move |before: Option<&Option<ArcReadSignal<Product>>>| {
            frame.track();
            // A row that is gone shows what it was for the moment until it is taken away.
            live.row(&ProductKey { id }).or_else(|| before.cloned().flatten())
        });
        Self { signal }
    }

    /// Reads something from the row. Tracked.
    pub(super) fn read<R: Default>(self, read: impl FnOnce(&Product) -> R) -> R {
        self.signal.with(|signal| signal.as_ref().map(|signal| signal.with(read))).unwrap_or_default()
    }

    /// The row. Tracked.
    pub(super) fn product(self) -> Option<Product> {
        self.read(|row| Some(row.clone()))
    }
}

/// A row of the table; `place` counts from one, header included.
#[component]
pub(super) fn ProductRow(id: i64, place: Signal<Option<usize>>) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let clock = use_clock();
    let row = RowView::new(&sheet, id);
    let element = NodeRef::<html::Tr>::new();
    let leaving = RwSignal::new(false);
    let (edits, picks) = (use_visitor().person.works_here(), sheet.picks);
    Effect::new(move |before: Option<Option<Product>>| {
        let now = row.product();
        if let (Some(Some(before)), Some(now), Some(element)) = (&before, &now, element.get()) {
            let changed = CELLS.iter().filter(|(_, differs)| differs(before, now));
            changed.for_each(|(cell, _)| glow_within(&element, cell));
        }
        now
    });
    let changed_at = move || {
        let at = row.read(|row| Some(row.updated_at));
        at.map(|at| clock.coarse().map_or_else(|| at.to_the_minute(), |now| at.relative(now)))
    };
    let exact = move |exact: fn(crate::app::time::Timestamp) -> String| row.read(|row| Some(exact(row.updated_at)));
    view! {
        <tr
            node_ref=element
            role="row"
            aria-rowindex=move || place.get().map(|place| place.to_string())
            class:low=move || row.read(Product::is_low)
            class:leaving=leaving
        >
            <td role="cell" class="sku">{move || row.read(|row| row.sku.clone())}</td>
            <th role="rowheader" scope="row" class="name" dir="auto" title=move || row.read(|row| row.name.clone())>
                <A href=address(id)>{move || row.read(|row| row.name.clone())}</A>
            </th>
            <td role="cell" class="category" dir="auto">{move || row.read(|row| row.category.clone())}</td>
            <td role="cell" class="location" dir="auto">{move || row.read(|row| row.location.clone())}</td>
            <td role="cell" class="quantity"><QuantityCell id row /></td>
            <td role="cell" class="reorder_level">{move || row.read(|row| grouped(row.reorder_level.into()))}</td>
            <td role="cell" class="price">{move || row.read(|row| row.price.to_string())}</td>
            <td role="cell" class="updated_at">
                <time
                    datetime=move || exact(crate::app::time::Timestamp::iso)
                    title=move || exact(crate::app::time::Timestamp::to_the_second)
                >
                    {changed_at}
                </time>
            </td>
            <td role="cell" class="actions">
                {move || match (edits, picks.is_on()) {
                    (false, _) => ().into_any(),
                    (true, false) => view! { <DeleteLink id row leaving /> }.into_any(),
                    (true, true) => view! { <PickBox id row /> }.into_any(),
                }}
            </td>
        </tr>
    }
}
