//! The list of tables.

use super::{ask::Ask, model::Known};
use leptos::prelude::*;
use leptos_router::components::A;

/// From so many tables on they can be searched.
const SEARCHED_FROM: usize = 8;

/// Links to all tables that may be read.
#[component]
pub(super) fn Tables(known: Known, chosen: Signal<Option<String>>) -> impl IntoView {
    let looked_for = RwSignal::new(String::new());
    let is_many = known.tables.len() >= SEARCHED_FROM;
    let asleep = known.asleep.len();
    let tables = known.tables.into_iter().map(|table| {
        let (schema, name) = table.parts();
        let schema = (schema != "public").then(|| format!("{schema}."));
        let (name, full, own) = (name.to_owned(), table.name.clone(), table.name.clone());
        let hidden = move || !looked_for.with(|text| full.to_lowercase().contains(&text.trim().to_lowercase()));
        let is_chosen = move || chosen.with(|chosen| chosen.as_deref() == Some(own.as_str()));
        view! {
            <li hidden=hidden>
                // Not `A`, for which all tables are one page.
                <a href=Ask::of(&table.name).address() aria-current=move || is_chosen().then_some("page")>
                    <bdi>{schema.map(|schema| view! { <span class="schema">{schema}</span> })} {name}</bdi>
                </a>
            </li>
        }
    });
    view! {
        <nav class="explore-tables" aria-label="Tables">
            <h2>
                <a href=super::ask::PATH>"Tables"</a>
            </h2>
            {is_many
                .then(|| {
                    view! {
                        <input
                            type="search"
                            class="scripted"
                            aria-label="Find a table"
                            placeholder="Find a table"
                            autocomplete="off"
                            spellcheck="false"
                            prop:value=looked_for
                            on:input:target=move |event| looked_for.set(event.target().value())
                        />
                    }
                })}
            <ul role="list">{tables.collect_view()}</ul>
            {(asleep > 0)
                .then(|| {
                    view! {
                        <p class="hint">
                            <A href=format!("{}#asleep", super::ask::PATH)>
                                {if asleep == 1 { "1 more is not live".to_owned() } else { format!("{asleep} more are not live") }}
                            </A>
                        </p>
                    }
                })}
        </nav>
    }
}
