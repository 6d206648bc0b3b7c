//! The inventory page, put together.

use super::{
    add::AddProductForm,
    blank::ReadProblem,
    bulk::{BulkBar, PickButton},
    filter_bar::FilterBar,
    notice::NoticeBanner,
    product::Product,
    refusal::Notice,
    remove::ConfirmDeletion,
    sheet::{Draft, Sheet},
    table::ProductTable,
    toolbar::Toolbar,
    validate::Field,
};
use crate::{
    app::{company::Company, response::set_status},
    identity::visitor::use_visitor,
    store::{LiveQuery, Phase, Query, QueryError, use_query, use_room},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The room in which everybody is who looks at the inventory.
pub const ROOM: &str = "page:inventory";
/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// All products, live.
#[component]
pub(in crate::app) fn InventoryPage() -> impl IntoView {
    let products = use_query(Query::<Product>::all());
    view! {
        <Title text="Inventory · Rowcast" />
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the inventory…"</p> }
        }>{move || Suspend::new(async move { view! { <Inventory products=products.ready().await /> } })}</Suspense>
    }
}

#[component]
fn Inventory(products: LiveQuery<Product>) -> impl IntoView {
    let problem = match untrack(|| products.error()) {
        Some(QueryError::Read(problem)) => {
            set_status(UNAVAILABLE);
            Some(problem)
        }
        _ => None,
    };
    let live = untrack(|| products.live());
    let sheet = Sheet::new(live.clone());
    let query = use_query_map();
    let notice = Memo::new(move |_| query.with(|query| query.get_str(Notice::PARAMETER).and_then(Notice::read)));
    if let Some(notice) = notice.get_untracked() {
        take_up(&sheet, notice);
    }
    provide_context(sheet.clone());

    let edits = use_visitor().person.works_here();
    let phase = {
        let live = live.clone();
        Memo::new(move |_| live.phase())
    };
    let problem = StoredValue::new(problem);
    let total = Memo::new(move |_| sheet.arrangement.with(|arrangement| arrangement.total));
    let empty = Memo::new(move |_| total.get() == 0 && matches!(phase.get(), Phase::Loading | Phase::Failed { .. }));
    let failure = move || match phase.get() {
        Phase::Failed(error) => Some(view! { <Failure message=error.message rows=!empty.get() /> }),
        _ => None,
    };
    let loading = Memo::new(move |_| matches!(phase.get(), Phase::Loading));
    let body = move || match (empty.get(), problem.get_value()) {
        (false, _) => view! { <ProductTable /> }.into_any(),
        (true, Some(problem)) => view! { <ReadProblem problem /> }.into_any(),
        (true, None) => loading.get().then(|| view! { <Skeleton /> }).into_any(),
    };
    view! {
        <div class="inventory">
            <div class="heading">
                <h1>"Inventory"</h1>
                <Toolbar />
                <Company room=use_room(ROOM, ()) />
                {edits.then(|| view! { <PickButton /> })}
                {edits.then(|| view! { <a class="button past-link" href="/history">"History"</a> })}
                {edits.then(|| view! { <AddProductForm notice /> })}
            </div>
            <FilterBar />
            <NoticeBanner notice />
            {edits.then(|| view! { <ConfirmDeletion /> })}
            {edits.then(|| view! { <BulkBar /> })}
            {failure}
            {body}
        </div>
    }
}

/// A form that was refused without JavaScript: the page has its status, and the row has what was typed.
fn take_up(sheet: &Sheet, notice: Notice) {
    if let Some(status) = notice.refused() {
        set_status(status);
    }
    if let Notice::QuantityRefused(id, typed, refusal) = notice {
        let problem = refusal.about(Field::Quantity).map(|problem| problem.message(Field::Quantity));
        sheet.drafts.update_value(|drafts| drafts.extend([(id, Draft { typed, problem })]));
    }
}

/// The server has ended the subscription; what is shown, if anything, does not follow the database any more.
#[component]
fn Failure(message: String, rows: bool) -> impl IntoView {
    view! {
        <div class="notice refused" role="alert">
            <p>
                <strong>{if rows { "These rows are no longer live." } else { "The rows cannot be shown." }}</strong>
                " "
                {message}
            </p>
        </div>
    }
}

/// The table before there are rows.
#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="region skeleton">
            <p role="status">"Loading the products…"</p>
            {std::iter::repeat_with(|| view! { <div class="skeleton-row"></div> }).take(12).collect_view()}
        </div>
    }
}
