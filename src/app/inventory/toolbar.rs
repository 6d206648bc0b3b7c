//! Search, order (on a phone, where the columns have no headers) and the count.

use super::{
    listing::{Column, Listing},
    product::grouped,
    sheet::Sheet,
};
use crate::{app::icons::Icon, store::Phase};
use leptos::{ev, html, prelude::*};
use std::time::Duration;

/// The form's id; the filters below belong to it.
pub(super) const FORM: &str = "list";
/// How long the count must stand still before it is announced.
const ANNOUNCE_AFTER: Duration = Duration::from_millis(800);

/// A form that works as one; with JavaScript it acts on every key.
#[component]
pub(super) fn Toolbar() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let listing = sheet.listing;
    let order = {
        let sheet = sheet.clone();
        move |sort: Option<Column>, descending: Option<bool>| {
            let now = listing.get_untracked();
            sheet.show(&Listing {
                sort: sort.unwrap_or(now.sort),
                descending: descending.unwrap_or(now.descending),
                page: 1,
                ..now
            });
        }
    };
    let by_column = {
        let order = order.clone();
        move |change: ev::Event| order(Column::of(&event_target_value(&change)), None)
    };
    let by_direction = move |change: ev::Event| order(None, Some(event_target_value(&change) == "desc"));
    let columns = Column::ALL
        .map(|column| {
            let chosen = move || listing.with(|listing| listing.sort == column);
            view! {
                <option value=column.word() selected=chosen prop:selected=chosen>
                    {column.label()}
                </option>
            }
        })
        .collect_view();
    let descending = move || listing.with(|listing| listing.descending);
    view! {
        <form id=FORM class="toolbar" role="search" method="get" action="/" on:submit=|submit| submit.prevent_default()>
            <SearchBox />
            <label class="order">
                <span class="unseen">"Sort by"</span>
                <select name="sort" on:change=by_column>
                    {columns}
                </select>
            </label>
            <label class="order">
                <span class="unseen">"Direction"</span>
                <select name="dir" on:change=by_direction>
                    <option value="asc" selected=move || !descending() prop:selected=move || !descending()>
                        "Ascending"
                    </option>
                    <option value="desc" selected=descending prop:selected=descending>
                        "Descending"
                    </option>
                </select>
            </label>
            <button class="button plain">"Search"</button>
        </form>
        <Count />
    }
}

#[component]
fn SearchBox() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let search = sheet.search;
    let input = NodeRef::<html::Input>::new();
    Effect::new({
        let sheet = sheet.clone();
        move |hydrated: Option<()>| {
            let Some(input) = input.get() else { return };
            let (shown, wanted) = (input.value(), search.get());
            if shown == wanted {
                return;
            }
            // What was typed while the program was loading is not thrown away.
            if hydrated.is_none() { sheet.search_for(shown) } else { input.set_value(&wanted) }
        }
    });
    let clear = sheet.clone();
    let escape = move |key: ev::KeyboardEvent| {
        if key.key() == "Escape" && !search.with_untracked(String::is_empty) {
            key.prevent_default();
            clear.search_for(String::new());
        }
    };
    view! {
        <label class="search">
            <Icon name="search" />
            <span class="unseen">"Search by SKU, name, category or location"</span>
            <input
                node_ref=input
                type="search"
                name="q"
                value=search.get_untracked()
                placeholder="SKU, name, category, location"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                on:input=move |input| sheet.search_for(event_target_value(&input))
                on:keydown=escape
            />
        </label>
    }
}

/// `2,003 products`, or `37 of 2,003`. Announced after a search, not whenever somebody adds a product.
#[component]
fn Count() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let (arrangement, search, listing) = (sheet.arrangement, sheet.search, sheet.listing);
    let known = Memo::new({
        let live = sheet.live.clone();
        move |_| matches!(live.phase(), Phase::Live | Phase::CatchingUp)
    });
    let count = Memo::new(move |_| {
        let (shown, total) = arrangement.with(|arrangement| (arrangement.keys.len(), arrangement.total));
        if total == 0 && !known.get() {
            String::new()
        } else if shown == total
            && search.with(|search| search.trim().is_empty())
            && listing.with(|listing| listing.filters.is_empty())
        {
            format!("{} {}", grouped(total as i64), if total == 1 { "product" } else { "products" })
        } else {
            format!("{} of {}", grouped(shown as i64), grouped(total as i64))
        }
    });
    let filters = Memo::new(move |_| listing.with(|listing| listing.filters.clone()));
    let announced = RwSignal::new(String::new());
    Effect::new(move |before: Option<Option<TimeoutHandle>>| {
        search.track();
        filters.track();
        let timer = before?;
        timer.into_iter().for_each(|timer| timer.clear());
        let announce = move || {
            if let Some(count) = count.try_get_untracked() {
                announced.try_set(count);
            }
        };
        set_timeout_with_handle(announce, ANNOUNCE_AFTER).ok()
    });
    view! {
        <p class="count">{count}</p>
        <p class="unseen" role="status">
            {announced}
        </p>
    }
}
