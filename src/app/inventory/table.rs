//! The table: all rows to a screen reader and to the scroll bar, a few dozen to the document.

use super::{
    blank::NoRows,
    listing::Column,
    row::ProductRow,
    sheet::Sheet,
    window::{self, Viewport},
};
use leptos::{ev, html, prelude::*};
use std::{collections::HashMap, ops::Range};

/// Columns of the table, the one for deleting included.
const COLUMNS: usize = Column::ALL.len() + 1;
/// The header is row one.
const FIRST_ROW: usize = 2;

/// Header, window of rows, and links to the other pages for people without JavaScript.
#[component]
pub(super) fn ProductTable() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let (arrangement, listing, viewport) = (sheet.arrangement, sheet.listing, sheet.viewport);
    let (ruler, head) = (NodeRef::<html::Div>::new(), NodeRef::<html::Thead>::new());
    let count = Memo::new(move |_| arrangement.with(|arrangement| arrangement.keys.len()));
    let shown: Memo<Range<usize>> = Memo::new(move |_| match viewport.get() {
        Some(viewport) => window::visible(count.get(), viewport),
        None => window::page(count.get(), listing.with(|listing| listing.page)),
    });
    let keys = Memo::new(move |_| {
        let shown = shown.get();
        arrangement.with(|arrangement| arrangement.keys.get(shown).unwrap_or_default().to_vec())
    });
    let places = Memo::new(move |_| {
        let first = shown.with(|shown| shown.start) + FIRST_ROW;
        keys.with(|keys| keys.iter().zip(first..).map(|(key, place)| (*key, place)).collect::<HashMap<_, _>>())
    });
    let above = move || space(viewport.get(), shown.with(|shown| shown.start));
    let below = move || space(viewport.get(), count.get() - shown.with(|shown| shown.end).min(count.get()));

    let region = sheet.region;
    let measure = {
        let header = sheet.header;
        move || {
            let (Some(region), Some(ruler)) = (region.get_untracked(), ruler.get_untracked()) else { return };
            header.set(head.get_untracked().map_or(0.0, |head| f64::from(head.offset_height())));
            viewport.set(Some(Viewport {
                top: region.scroll_top().into(),
                height: region.client_height().into(),
                row: ruler.offset_height().into(),
            }));
        }
    };
    Effect::new({
        let sheet = sheet.clone();
        move || {
            let first = shown.with_untracked(|shown| shown.start);
            measure();
            let resizing = window_event_listener(ev::resize, move |_| measure());
            on_cleanup(move || resizing.remove());
            if let Some(viewport) = viewport.get_untracked().filter(|_| first > 0) {
                // The page that the server rendered stays where it was; there is room above it from the next frame on.
                let sheet = sheet.clone();
                request_animation_frame(move || sheet.scroll_to(first as f64 * viewport.row));
            }
        }
    });
    // Leaving the page: the next one is hydrated or built before it is measured.
    on_cleanup(move || {
        viewport.try_set(None);
    });
    let enter = {
        let sheet = sheet.clone();
        move |key: ev::KeyboardEvent| {
            let on_region = region.get_untracked().is_some_and(|region| key.target().as_ref() == Some(region.as_ref()));
            if key.key() == "Enter" && on_region {
                let top = viewport.get_untracked().map_or(0, |viewport| (viewport.top / viewport.row).ceil() as usize);
                let id = arrangement.with_untracked(|arrangement| arrangement.keys.get(top).copied());
                id.into_iter().for_each(|id| sheet.focus("quantity", id));
            }
        }
    };
    view! {
        <div
            node_ref=region
            class="region"
            role="region"
            aria-label="Products, scrollable"
            tabindex="0"
            on:scroll=move |_| measure()
            on:keydown=enter
        >
            <div node_ref=ruler class="ruler" aria-hidden="true"></div>
            <table
                role="table"
                aria-label="Products"
                aria-rowcount=move || (count.get() + 1).to_string()
                aria-colcount=COLUMNS.to_string()
            >
                <thead node_ref=head role="rowgroup">
                    <tr role="row" aria-rowindex="1">
                        {Column::ALL.map(|column| view! { <Header column /> }).collect_view()}
                        <th role="columnheader" scope="col" class="actions">
                            <span class="unseen">"Delete"</span>
                        </th>
                    </tr>
                </thead>
                // One cell, not as many as there are columns: those that a narrow window hides would come back empty.
                <tbody role="presentation" aria-hidden="true">
                    <tr role="presentation">
                        <td role="presentation" class="space" style:height=above></td>
                    </tr>
                </tbody>
                <tbody role="rowgroup">
                    <For each=move || keys.get() key=|key| *key let:id>
                        <ProductRow id place=Signal::derive(move || places.with(|places| places.get(&id).copied())) />
                    </For>
                </tbody>
                <tbody role="presentation" aria-hidden="true">
                    <tr role="presentation">
                        <td role="presentation" class="space" style:height=below></td>
                    </tr>
                </tbody>
            </table>
            <Show when=move || count.get() == 0>
                <NoRows />
            </Show>
        </div>
        <Pager count />
    }
}

/// Height of the rows that are not in the document. Of the server's page, which no style sheet lets say so, nothing.
fn space(viewport: Option<Viewport>, rows: usize) -> Option<String> {
    viewport.map(|viewport| format!("{}px", viewport.row * rows as f64))
}

/// A link that sorts by its column.
#[component]
fn Header(column: Column) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let listing = sheet.listing;
    let wanted = move || listing.with(|listing| listing.sorted_by(column));
    let order = move || {
        listing.with(|listing| match (listing.sort == column, listing.descending) {
            (false, _) => None,
            (true, false) => Some("ascending"),
            (true, true) => Some("descending"),
        })
    };
    let sort = move |click: ev::MouseEvent| {
        // With a modifier the browser opens the link elsewhere.
        if !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key()) {
            click.prevent_default();
            sheet.show(&listing.get_untracked().sorted_by(column));
        }
    };
    view! {
        <th role="columnheader" scope="col" class=column.word() aria-sort=order>
            <a href=move || wanted().address() on:click=sort>
                {column.label()}
            </a>
        </th>
    }
}

/// For people without JavaScript, who have no window that moves.
#[component]
fn Pager(count: Memo<usize>) -> impl IntoView {
    let listing = expect_context::<Sheet>().listing;
    move || {
        let pages = window::pages(count.get());
        let listing = listing.get();
        let page = listing.page.min(pages);
        let link = |to: usize, label: &'static str, rel: &'static str| {
            let there = (1..=pages).contains(&to);
            there.then(|| view! { <a class="button" rel=rel href=listing.on_page(to).address()>{label}</a> })
        };
        (pages > 1).then(|| {
            view! {
                <nav class="pager plain" aria-label="Pages of the list">
                    {link(page - 1, "Previous", "prev")}
                    <span>{format!("Page {page} of {pages}")}</span>
                    {link(page + 1, "Next", "next")}
                </nav>
            }
        })
    }
}
