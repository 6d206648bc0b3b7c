//! Below the heading: what the list is narrowed to, and a way to take it along. Part of the search's form, so that it works as one without JavaScript; with it each
//! choice acts at once. The address has all of it: a list that is narrowed and sorted can be kept as a bookmark or passed on.

use super::{filters::Filters, listing::Listing, sheet::Sheet, toolbar::FORM};
use crate::{app::early, identity::visitor::use_visitor};
use leptos::{ev, prelude::*};
use std::{collections::BTreeSet, sync::Arc};

/// Category, aisle, what is low, and a way back to everything.
#[component]
pub(super) fn FilterBar() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let (listing, arrangement) = (sheet.listing, sheet.arrangement);
    let filters = Memo::new(move |_| listing.with(|listing| listing.filters.clone()));
    let show = {
        let sheet = sheet.clone();
        Callback::new(move |filters: Filters| sheet.show(&listing.get_untracked().narrowed(filters)))
    };
    let low =
        move |change: ev::Event| show.run(Filters { low: event_target_checked(&change), ..filters.get_untracked() });
    let clear = move |click: ev::MouseEvent| {
        click.prevent_default();
        show.run(Filters::default());
    };
    // What was chosen while the program was loading is not thrown away.
    Effect::new(move |_| {
        let now = filters.get_untracked();
        let early = Filters {
            category: early::chosen(Filters::CATEGORY).unwrap_or_else(|| now.category.clone()),
            aisle: early::chosen(Filters::AISLE).unwrap_or_else(|| now.aisle.clone()),
            low: early::chosen(Filters::LOW).map_or(now.low, |low| !low.is_empty()),
        };
        if early != now {
            show.run(early);
        }
    });
    let edits = use_visitor().person.works_here();
    let is_low = move || filters.with(|filters| filters.low);
    view! {
        <div class="filters" role="group" aria-label="Filters">
            <Choice
                name=Filters::CATEGORY
                label="Category"
                chosen=Signal::derive(move || filters.with(|filters| filters.category.clone()))
                choices=Signal::derive(move || arrangement.with(|arrangement| Arc::clone(&arrangement.categories)))
                on_choice=move |category| show.run(Filters { category, ..filters.get_untracked() })
            />
            <Choice
                name=Filters::AISLE
                label="Aisle"
                chosen=Signal::derive(move || filters.with(|filters| filters.aisle.clone()))
                choices=Signal::derive(move || arrangement.with(|arrangement| Arc::clone(&arrangement.aisles)))
                on_choice=move |aisle| show.run(Filters { aisle, ..filters.get_untracked() })
            />
            <label class="button chip">
                <input type="checkbox" autocomplete="off" form=FORM name=Filters::LOW value="1" checked=is_low prop:checked=is_low on:change=low />
                <span>
                    "Low " <span class="roomy">"stock "</span> "only"
                </span>
            </label>
            <Show when=move || filters.with(|filters| !filters.is_empty())>
                <a class="button clear" href=move || listing.with(|listing| listing.narrowed(Filters::default()).address()) on:click=clear>
                    "Clear filters"
                </a>
            </Show>
            {edits.then(|| view! { <a class="button import-link" href=super::IMPORT>"Import"</a> })}
            <a class="button export" rel="external" download="inventory.csv" href=move || listing.with(Listing::export)>
                "Export CSV"
            </a>
        </div>
    }
}

/// One of several, or all, which is called as the choice is.
#[component]
fn Choice(
    name: &'static str,
    label: &'static str,
    chosen: Signal<String>,
    choices: Signal<Arc<BTreeSet<String>>>,
    on_choice: impl Fn(String) + 'static,
) -> impl IntoView {
    // What is asked for can be chosen also where no row has it any more.
    let offered = Memo::new(move |_| {
        let chosen = chosen.get();
        let mut offered: Vec<String> = choices.with(|choices| choices.iter().cloned().collect());
        if !chosen.is_empty() && !offered.contains(&chosen) {
            offered.push(chosen);
        }
        offered
    });
    let is_all = move || chosen.with(String::is_empty);
    view! {
        <label class="choice">
            <span class="unseen">{label}</span>
            <select form=FORM name=name autocomplete="off" class:set=move || !is_all() on:change=move |change| on_choice(event_target_value(&change))>
                <option value="" selected=is_all prop:selected=is_all>
                    {label}
                </option>
                <For each=move || offered.get() key=String::clone let:choice>
                    {
                        let (own, shown) = (choice.clone(), choice.clone());
                        let is_chosen = move || chosen.with(|chosen| *chosen == own);
                        view! {
                            <option value=choice selected=is_chosen.clone() prop:selected=is_chosen>
                                {shown}
                            </option>
                        }
                    }
                </For>
            </select>
        </label>
    }
}
