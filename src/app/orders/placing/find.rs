//! Looking for products: a search over the live stock.

use super::basket::Basket;
use crate::{
    app::{
        icons::Icon,
        inventory::{Product, ProductKey, grouped},
        missing::InPlace,
        orders::{like, rows::NEW, wish::Wish},
    },
    store::{Count, LiveQuery, Phase, Query, use_query},
};
use leptos::{ev, prelude::*};
use std::time::Duration;

/// How many products are shown at once; who wants others looks for them.
const SHOWN: u32 = 20;
/// How long after the last key the search follows what is typed.
const LAG: Duration = Duration::from_millis(200);
/// More words than these do not narrow it down any further.
const MAX_WORDS: usize = 6;

/// The products that match: all words must occur in the SKU, the name or the category.
fn matching(search: &str) -> Query<Product> {
    let patterns: Vec<String> = search.split_whitespace().take(MAX_WORDS).map(like::containing).collect();
    if patterns.is_empty() {
        return Query::all();
    }
    let word = |at: usize| format!("(sku ilike ${at} or name ilike ${at} or category ilike ${at})");
    let condition: Vec<String> = (1..=patterns.len()).map(word).collect();
    Query::all().filter(condition.join(" and "), patterns)
}

/// What was looked for, and what was found.
#[derive(Clone, Copy)]
pub(super) struct Search {
    /// As typed.
    typed: RwSignal<String>,
    /// What is looked for.
    wanted: RwSignal<String>,
    pub(super) found: LiveQuery<Product>,
    count: LiveQuery<Count<Product>>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Search {
    pub(super) fn new(search: String) -> Self {
        let wanted = RwSignal::new(search.clone());
        Self {
            typed: RwSignal::new(search),
            wanted,
            found: use_query(move || matching(&wanted.get()).ascending("name").limit(SHOWN)),
            count: use_query(move || matching(&wanted.get()).totals()),
            timer: StoredValue::new(None),
        }
    }

    fn search_for(self, text: String) {
        self.typed.set(text);
        if let Some(running) = self.timer.get_value() {
            running.clear();
        }
        let late = move || {
            if let Some(typed) = self.typed.try_get_untracked() {
                self.wanted.try_set(typed);
            }
        };
        self.timer.set_value(set_timeout_with_handle(late, LAG).ok());
    }

    /// Waits for the rows that come with the page.
    pub(super) async fn ready(self) {
        self.found.ready().await;
        self.count.ready().await;
    }
}

/// The search box and what was found.
#[component]
pub(super) fn Finder(search: Search, basket: Basket) -> impl IntoView {
    let Search { typed, found, count, .. } = search;
    let words = move || {
        let all = count.first().map_or(0, |row| row.count);
        let shown = found.len() as u64;
        match all {
            0 => String::new(),
            all if all > shown => format!("{shown} of {} products; search for others", grouped(all as i64)),
            1 => "1 product".to_owned(),
            all => format!("{all} products"),
        }
    };
    let nothing = Memo::new(move |_| found.is_empty() && found.phase() == Phase::Live);
    // In a form of its own fields, Enter would send the order.
    let no_order = |key: ev::KeyboardEvent| {
        if key.key() == "Enter" {
            key.prevent_default();
        }
    };
    view! {
        <section class="finder" aria-label="Products">
            <div class="finder-bar">
                <label class="search">
                    <Icon name="search" />
                    <span class="unseen">"Search products by SKU, name or category"</span>
                    <input
                        type="search"
                        name=Wish::field("q")
                        value=typed.get_untracked()
                        placeholder="SKU, name, category"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        on:input=move |input| search.search_for(event_target_value(&input))
                        on:keydown=no_order
                    />
                </label>
                <button class="button plain" formmethod="get" formaction=NEW>
                    "Search"
                </button>
                <p class="count">{words}</p>
            </div>
            <ul class="found" aria-label="Products found">
                <For each=move || found.keys() key=|key| key.id let:key>
                    <Found key basket />
                </For>
            </ul>
            <InPlace query=found what="The products" />
            {move || {
                nothing.get().then(|| view! { <p class="nothing" role="status">"No product matches. All words must occur."</p> })
            }}
        </section>
    }
}

/// A product that was found.
#[component]
fn Found(key: ProductKey, basket: Basket) -> impl IntoView {
    let row = basket.found.row(key);
    let read = move |look: fn(&Product) -> String| row.with(look).unwrap_or_default();
    let stock = Memo::new(move |_| row.with(|row| row.quantity).unwrap_or_default());
    let name = move || read(|row| row.name.clone());
    // Without JavaScript it is chosen by typing how many; what was chosen before has a line of its own.
    let is_new = untrack(|| basket.of(key.id)).is_none();
    let plain = is_new.then(|| {
        view! {
            <input
                class="plain"
                name=Wish::quantity_field(key.id)
                inputmode="numeric"
                autocomplete="off"
                aria-label=move || format!("Pieces of {}", name())
                placeholder="0"
            />
        }
    });
    let chosen = move || basket.of(key.id).map(|one| one.typed.get());
    view! {
        <li class="found-product" class:sold-out=move || stock.get() == 0>
            <div class="found-what">
                <p class="found-name" dir="auto">
                    {name}
                </p>
                <p class="found-more">
                    <span class="code">{move || read(|row| row.sku.clone())}</span>
                    <span dir="auto">{move || read(|row| row.category.clone())}</span>
                </p>
            </div>
            <p class="found-price">{move || read(|row| row.price.to_string())} " €"</p>
            <p class="stock">
                {move || match stock.get() {
                    0 => "sold out".to_owned(),
                    left => format!("{} left", grouped(left.into())),
                }}
            </p>
            {plain}
            <button
                type="button"
                class="button scripted found-add"
                aria-label=move || format!("Add {}", name())
                disabled=move || stock.get() == 0
                on:click=move |_| basket.add(key.id)
            >
                <Icon name="plus" />
                {move || chosen().unwrap_or_else(|| "Add".to_owned())}
            </button>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_occur_somewhere() {
        let question = matching(" drill  50% ").question();
        assert_eq!(
            question.filter.as_deref(),
            Some(
                "(sku ilike $1 or name ilike $1 or category ilike $1) and (sku ilike $2 or name ilike $2 or category ilike $2)"
            )
        );
        assert_eq!(question.params, [r"%drill%", r"%50\%%"]);
        assert_eq!(matching("  ").question().filter, None);
    }
}
