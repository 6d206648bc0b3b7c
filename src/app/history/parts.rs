//! What the parts of the page are made of.

use super::{
    journey::Journey,
    model::{Change, Refusal},
    scope::Scope,
    stamp::Stamp,
};
use crate::app::{
    clock::use_clock,
    inventory::{Column, Product, grouped},
    time::Timestamp,
};
use leptos::prelude::*;

/// The columns that are shown, in their order.
pub(super) const COLUMNS: [Column; 7] = [
    Column::Sku,
    Column::Name,
    Column::Category,
    Column::Location,
    Column::Quantity,
    Column::ReorderLevel,
    Column::Price,
];

/// What a cell shows.
pub(super) fn cell(row: &Product, column: Column) -> String {
    match column {
        Column::Sku => row.sku.clone(),
        Column::Name => row.name.clone(),
        Column::Category => row.category.clone(),
        Column::Location => row.location.clone(),
        Column::Quantity => grouped(row.quantity.into()),
        Column::ReorderLevel => grouped(row.reorder_level.into()),
        Column::Price => row.price.to_string(),
        Column::UpdatedAt => row.updated_at.to_the_second(),
    }
}

/// Exact, and relative as soon as there is a clock.
#[component]
pub(super) fn Time(at: Timestamp) -> impl IntoView {
    let clock = use_clock();
    view! {
        <time datetime=at.iso() title=at.to_the_second()>
            {move || clock.coarse().map_or_else(|| at.to_the_second(), |now| at.relative(now))}
        </time>
    }
}

/// One row that differs: its name, and what changed from what to what.
#[component]
pub(super) fn Difference(change: Change) -> impl IntoView {
    let Some(row) = change.row().cloned() else { return ().into_any() };
    let (tag, word) = match (&change.old, &change.new) {
        (None, _) => ("added", "Added"),
        (_, None) => ("removed", "Removed"),
        _ => ("changed", "Changed"),
    };
    let cells = match (change.old, change.new) {
        (Some(old), Some(new)) => COLUMNS
            .into_iter()
            .filter_map(|column| {
                let (was, is) = (cell(&old, column), cell(&new, column));
                (was != is).then(|| (column.label(), Some(was), is))
            })
            .collect::<Vec<_>>(),
        (old, new) => {
            let row = old.or(new);
            let shown = [Column::Quantity, Column::Location, Column::Price];
            shown.into_iter().filter_map(|column| Some((column.label(), None, cell(row.as_ref()?, column)))).collect()
        }
    };
    view! {
        <li class=format!("difference {tag}")>
            <p>
                <span class="tag">{word}</span>
                " "
                <strong dir="auto">{row.name}</strong>
                " "
                <span class="code">{row.sku}</span>
            </p>
            <dl>
                {cells
                    .into_iter()
                    .map(|(label, was, is)| {
                        view! {
                            <div>
                                <dt>{label}</dt>
                                <dd>
                                    {was.map(|was| view! { <del>{was}</del> <span class="to">" → "</span> })} <span>{is}</span>
                                </dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </li>
    }
    .into_any()
}

/// Goes to a moment by its time, or compares with one: a form, with and without JavaScript.
#[component]
pub(super) fn MomentForm(
    /// The parameter that is typed.
    name: &'static str,
    /// What is asked.
    label: &'static str,
    /// On the button.
    action: &'static str,
    /// What is in the field at first.
    #[prop(optional_no_strip)]
    typed: Option<Stamp>,
    /// The moment that is kept, as the parameter `at`.
    #[prop(optional_no_strip)]
    kept: Option<Option<Stamp>>,
) -> impl IntoView {
    let kept = kept.map(|stamp| view! { <input type="hidden" name="at" value=stamp.map_or_else(|| super::stamp::NOW.to_owned(), Stamp::text) /> });
    let scope = Scope::of_page();
    let product = scope.product.map(|id| view! { <input type="hidden" name=Scope::PRODUCT value=id.to_string() /> });
    view! {
        <form class="moment-form" method="get" action=scope.path()>
            {product}
            {kept}
            <label>
                <span>{label}</span>
                <input type="datetime-local" name=name step="1" required value=typed.map(Stamp::field) />
            </label>
            <button class="button">{action}</button>
        </form>
    }
}

/// Why the past is not shown, in the place of it.
#[component]
pub(super) fn Problem(refusal: Refusal) -> impl IntoView {
    crate::app::response::set_status(refusal.status());
    let title = if refusal == Refusal::NotAllowed { "This page is not for you" } else { "This moment cannot be shown" };
    let again = (refusal != Refusal::NotAllowed)
        .then(|| view! { <MomentForm name="at" label="Date and time (UTC)" action="Go there" /> });
    view! {
        <section class="blank">
            <h1>{title}</h1>
            <p>{refusal.message()}</p>
            {again}
            <p>
                <a class="button" href="/">
                    "Go to the inventory"
                </a>
            </p>
        </section>
    }
}

/// Why the last step did not lead anywhere.
#[component]
pub(super) fn Trouble() -> impl IntoView {
    let journey = expect_context::<Journey>();
    move || {
        let refusal = journey.problem.get()?;
        Some(view! {
            <div class="notice refused" role="alert">
                <p>{refusal.message()}</p>
                <a class="button" href=journey.scope.present() rel="external">
                    "Back to the present"
                </a>
            </div>
        })
    }
}
