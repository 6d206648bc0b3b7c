//! The page of one product.

use super::{
    adjust::AdjustForm, edit::EditForm, fields::FIELDS, movements::Movements, notice::NoticeBanner, refusal::Notice,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{
        inventory::{Product, ProductKey, grouped, refusal::Unconfirmed, restore_product, validate::Field},
        missing::is_denied,
        not_found::NotFound,
        response::set_status,
        toast::use_messages,
        when::When,
    },
    identity::visitor::use_visitor,
    store::{LiveQuery, Phase, Query, QueryError, RowSignal, use_query},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::{components::A, hooks::use_params_map};

/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// The address of a product's page.
pub(in crate::app) fn address(id: i64) -> String {
    format!("/products/{id}")
}

/// A product by itself.
pub(super) fn one(id: i64) -> Query<Product> {
    Query::all().filter("id = $1", (id,))
}

/// The page of the product that the address names.
#[component]
pub(in crate::app) fn ProductPage() -> impl IntoView {
    let params = use_params_map();
    // Digits only, so that one product has one address.
    let id = Memo::new(move |_| {
        let id = params.with(|params| params.get_str("id")?.parse::<u32>().ok());
        id.filter(|id| params.with(|params| params.get_str("id") == Some(id.to_string().as_str()))).map(i64::from)
    });
    move || match id.get() {
        Some(id) => view! { <OneProduct id /> }.into_any(),
        None => view! { <NotFound /> }.into_any(),
    }
}

#[component]
fn OneProduct(id: i64) -> impl IntoView {
    let product = use_query(one(id));
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the product…"</p> }
        }>
            {move || Suspend::new(async move {
                view! { <Known id product=product.ready().await /> }
            })}
        </Suspense>
    }
}

#[derive(Clone, PartialEq)]
enum Is {
    Unknown,
    Unreadable(String),
    There,
    /// As it was when it was seen last.
    Deleted(Box<Product>),
    Nowhere,
}

/// The product, once it is known whether there is one.
#[component]
fn Known(id: i64, product: LiveQuery<Product>) -> impl IntoView {
    if let Some(error @ QueryError::Read(_)) = untrack(|| product.error())
        && !is_denied(&error)
    {
        set_status(UNAVAILABLE);
    }
    let row = product.row(ProductKey { id });
    let last = StoredValue::new(None::<Product>);
    Effect::new(move || {
        if let Some(product) = row.get() {
            last.set_value(Some(product));
        }
    });
    let is = Memo::new(move |_| {
        if !product.is_empty() {
            return Is::There;
        }
        match (product.error(), product.phase()) {
            (Some(error), _) if is_denied(&error) => Is::Nowhere,
            (Some(error), _) => Is::Unreadable(error.to_string()),
            (None, Phase::Loading) => Is::Unknown,
            (None, _) => last.get_value().map_or(Is::Nowhere, |product| Is::Deleted(Box::new(product))),
        }
    });
    move || match is.get() {
        Is::There => view! { <ProductView id product row /> }.into_any(),
        Is::Deleted(product) => view! { <Deleted product=*product /> }.into_any(),
        Is::Nowhere => view! { <NotFound /> }.into_any(),
        Is::Unknown => view! { <p class="blank" role="status">"Loading the product…"</p> }.into_any(),
        Is::Unreadable(message) => view! {
            <div class="page">
                <div class="notice refused" role="alert">
                    <p>
                        <strong>"The product cannot be shown."</strong>
                        " "
                        {message}
                        "."
                    </p>
                </div>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn ProductView(id: i64, product: LiveQuery<Product>, row: RowSignal<Product>) -> impl IntoView {
    let works_here = use_visitor().person.works_here();
    let query = use_query_map();
    let notice = query.with_untracked(|query| query.get_str(Notice::PARAMETER).and_then(Notice::read));
    if let Some(refusal) = notice.as_ref().and_then(Notice::refusal) {
        set_status(refusal.status());
    }
    let quantity = Memo::new(move |_| row.with(|row| row.quantity).unwrap_or_default());
    let tag = move || match row.with(|row| (row.quantity, row.is_low())) {
        Some((0, _)) => Some("Out of stock"),
        Some((_, true)) => Some("Low: at or below its reorder level"),
        _ => None,
    };
    let stock = view! {
        <p class="stock-now" class:low=move || row.with(Product::is_low).unwrap_or_default()>
            <strong>{move || grouped(quantity.get().into())}</strong>
            " pieces in stock "
            {move || tag().map(|tag| view! { <span class="low-tag">{tag}</span> })}
        </p>
    };
    let banner = notice.clone().map(|notice| view! { <NoticeBanner id notice /> });
    let body = if works_here {
        view! {
            <div class="product-parts">
                <section class="panel" aria-labelledby="about">
                    <h2 id="about">"About it"</h2>
                    <EditForm product row id notice=notice.clone() />
                </section>
                <section class="panel" aria-labelledby="stock">
                    <h2 id="stock">"Stock"</h2>
                    {stock}
                    <AdjustForm product row id notice />
                </section>
            </div>
            <Movements id />
        }
        .into_any()
    } else {
        view! {
            <section class="panel">
                {stock}
                <Facts row />
            </section>
        }
        .into_any()
    };
    view! {
        <Title text=format!("Product {id} · Rowcast") />
        <div class="page product-page">
            <p class="way-back">
                <A href="/">"Inventory"</A>
            </p>
            {banner}
            <div class="heading">
                <h1 dir="auto">{move || row.with(|row| row.name.clone())}</h1>
                <p class="product-about">
                    <bdi>{move || row.with(|row| row.sku.clone())}</bdi>
                    <span>
                        "changed " <When at=Signal::derive(move || row.with(|row| row.updated_at)) />
                    </span>
                </p>
                {works_here
                    .then(|| {
                        view! {
                            <A href=format!("/history?product={id}") attr:class="button past-link">
                                "Go back in time"
                            </A>
                        }
                    })}
            </div>
            {body}
        </div>
    }
}

/// What a product is, for those who cannot change it.
#[component]
fn Facts(row: RowSignal<Product>) -> impl IntoView {
    let shown = FIELDS.into_iter().filter(|field| *field != Field::ReorderLevel);
    let facts = shown
        .map(|field| {
            let label = if field == Field::Price { "Price, €" } else { field.label() };
            view! {
                <dt>{label}</dt>
                <dd dir="auto">{move || row.with(|row| super::fields::value(row, field))}</dd>
            }
        })
        .collect_view();
    view! { <dl class="facts">{facts}</dl> }
}

/// It was there, and somebody deleted it while the page was open.
#[component]
fn Deleted(product: Product) -> impl IntoView {
    let works_here = use_visitor().person.works_here();
    let messages = use_messages();
    let name = product.name.clone();
    let restore = move |_| {
        let product = product.clone();
        spawn_local(async move {
            let Unconfirmed { was_not, reason } = match restore_product(product).await {
                Ok(Ok(_)) => return messages.done("The product is back"),
                Ok(Err(refusal)) => Unconfirmed::refused(&refusal),
                Err(error) => Unconfirmed::failed(&error),
            };
            messages.refused(format!("The product {was_not} restored. {reason}."));
        });
    };
    view! {
        <section class="blank" role="status">
            <h1>"This product was deleted"</h1>
            <p>
                "“" <bdi>{name}</bdi> "” is not in the inventory any more."
            </p>
            <p>
                {works_here
                    .then(|| {
                        view! {
                            <button type="button" class="button primary" on:click=restore>
                                "Bring it back"
                            </button>
                        }
                    })} <A href="/" attr:class="button">
                    "Go to the inventory"
                </A>
            </p>
        </section>
    }
}
