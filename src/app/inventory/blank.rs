//! What stands where rows would be: nothing to show, nothing found, nothing readable. Each says what to do.

use super::sheet::Sheet;
use crate::store::ReadError;
use leptos::{ev::MouseEvent, prelude::*};

/// Below the header of a table without rows.
#[component]
pub(super) fn NoRows() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let arrangement = sheet.arrangement;
    let nothing_at_all = Memo::new(move |_| arrangement.with(|arrangement| arrangement.total == 0));
    move || if nothing_at_all.get() { view! { <NoProducts /> }.into_any() } else { view! { <NoMatch /> }.into_any() }
}

#[component]
fn NoProducts() -> impl IntoView {
    view! {
        <div class="blank">
            <h2>"There are no products yet"</h2>
            <p>
                "Add the first one with “Add product”, or insert rows into " <code>"public.products"</code>
                " with any tool: they show here at once."
            </p>
        </div>
    }
}

#[component]
fn NoMatch() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let (listing, search) = (sheet.listing, sheet.search);
    let narrowed = Memo::new(move |_| listing.with(|listing| !listing.filters.is_empty()));
    let everything = move || listing.with(|listing| listing.of_everything());
    let clear = move |click: MouseEvent| {
        click.prevent_default();
        sheet.show(&listing.get_untracked().of_everything());
    };
    view! {
        <div class="blank">
            <h2>
                {move || match search.with(|search| search.trim().is_empty()) {
                    true => "Nothing matches the filters".into_any(),
                    false => view! { "Nothing matches “" <bdi>{move || search.get()}</bdi> "”" }.into_any(),
                }}
            </h2>
            <p>
                {move || match narrowed.get() {
                    true => "All filters must hold, and all words must occur in the SKU, the name, the category or the location.",
                    false => "All words must occur in the SKU, the name, the category or the location.",
                }}
            </p>
            <p>
                <a class="button" href=move || everything().address() on:click=clear>
                    {move || if narrowed.get() { "Show all products" } else { "Clear the search" }}
                </a>
            </p>
        </div>
    }
}

/// Instead of the table, when the server could not read it. The page stays connected and shows the rows once they come.
#[component]
pub(super) fn ReadProblem(problem: ReadError) -> impl IntoView {
    let (title, advice) = match &problem {
        ReadError::Unavailable => (
            "The database cannot be reached",
            view! {
                <p>"The server is up, its database does not answer."</p>
                <p class="scripted">"The rows will show here as soon as it does; there is no need to reload."</p>
                <p class="plain">"Reload the page in a moment."</p>
            }
            .into_any(),
        ),
        ReadError::NotTracked(table) => (
            "This table is not live yet",
            view! {
                <p>"Type this where the server runs, then reload the page:"</p>
                <pre>
                    <code>{format!("rowcast track {table}")}</code>
                </pre>
                <p>"If there is no such table, " <code>"rowcast serve --demo"</code> " makes one, with products in it."</p>
            }
            .into_any(),
        ),
        ReadError::OtherColumns(table) => (
            "This table is another one",
            view! {
                <p>
                    "The table " <code>{table.clone()}</code>
                    " does not have the columns that this page shows. Rowcast leaves it as it is; start the server with another
                    database to see the inventory."
                </p>
            }
            .into_any(),
        ),
        ReadError::Refused(_) => {
            ("These rows cannot be shown", view! { <p>{problem.to_string()}</p> }.into_any())
        }
    };
    view! {
        <section class="blank" role="alert">
            <h2>{title}</h2>
            {advice}
        </section>
    }
}
