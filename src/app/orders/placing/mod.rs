//! Placing an order: products from the live stock, a note, and a button.
//!
//! | file | what it is |
//! |---|---|
//! | `basket` | what has been chosen, against what there is |
//! | `find` | looking for products |
//! | `lines` | the lines of the order as it grows |
//!
//! Whatever is sent twice (a double click, a form that is sent again) is one order: the form has a key, which stays the same
//! from page to page until the order is placed. After an answer that was lost, the same is sent again under the same key, whatever
//! the stock is by then. Something else is as well: if the first was placed after all, the server says so instead of placing a second,
//! and only then the form has a new key. Until an answer tells what became of it, it may have been placed.

mod basket;
mod find;
mod lines;

use super::{
    actions::{PlaceOrder, place_order},
    notice::NoticeBanner,
    rows,
    telling::Unconfirmed,
    wish::{NOTHING_CHOSEN, Wish},
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{fresh, toast::use_messages},
    identity::{paths, visitor::use_visitor},
    orders::{Actor, MAX_NAME, MAX_NOTE, RefusalCode},
};
use basket::Basket;
use find::{Finder, Search};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;
use lines::Lines;

/// The page with the form, for those who may order.
#[component]
pub(in crate::app) fn NewOrderPage() -> impl IntoView {
    let visitor = use_visitor();
    let may = visitor.is_signed_in() || visitor.person.works_here();
    let body = if may { view! { <Placing /> }.into_any() } else { view! { <Nobody /> }.into_any() };
    view! {
        <Title text="New order · Rowcast" />
        <div class="page placing-page">{body}</div>
    }
}

#[component]
fn Nobody() -> impl IntoView {
    view! {
        <section class="blank">
            <h1>"New order"</h1>
            <p>"An order needs somebody whose it is."</p>
            <a class="button" href=paths::sign_in(rows::NEW) rel="external">
                "Sign in"
            </a>
        </section>
    }
}

#[component]
fn Placing() -> impl IntoView {
    let wish = use_query_map().with_untracked(|query| Wish::read(query.clone()));
    // Made by the server and taken over by the browser, so that both ways of sending the form have the same.
    let made = SharedValue::new(fresh::word).into_inner();
    let key = if wish.key.is_empty() { made } else { wish.key.clone() };
    let search = Search::new(wish.q.clone());
    let chosen = wish.chosen().into_iter().map(|(product, typed)| (product, typed.to_owned())).collect();
    let basket = Basket::new(chosen, search.found);
    let actor = Actor::of(use_visitor().person.role, None, None);
    let rest = StoredValue::new((key, wish));
    view! {
        <div class="heading">
            <h1>"New order"</h1>
        </div>
        <NoticeBanner actor />
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the products…"</p> }
        }>
            {move || Suspend::new(async move {
                search.ready().await;
                let basket = basket.ready().await;
                let (key, wish) = rest.get_value();
                view! { <OrderForm key wish search basket /> }
            })}
        </Suspense>
    }
}

#[component]
fn OrderForm(key: String, wish: Wish, search: Search, basket: Basket) -> impl IntoView {
    let messages = use_messages();
    let navigate = use_navigate();
    let sending = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let form = NodeRef::<html::Form>::new();
    let key = RwSignal::new(key);
    let send = move |wish: Wish| {
        let navigate = navigate.clone();
        sending.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = place_order(wish.clone()).await;
            sending.try_set(false);
            let refused = match answer {
                Ok(Ok(done)) => {
                    messages.done(format!("Order {} is placed", done.id));
                    navigate(&rows::address(done.id), Default::default());
                    return;
                }
                Ok(Err(refusal)) => {
                    if refusal.code == RefusalCode::KeyReused {
                        key.try_set(fresh::word());
                    }
                    Unconfirmed::refused(&refusal)
                }
                Err(error) => Unconfirmed::failed(&error),
            };
            let (refused, is_same) = basket.refused(&wish.quantity, refused);
            let again = match (refused.is_open(), is_same) {
                (false, _) => "",
                (true, true) => " Send it again as it is: it will be placed once.",
                (true, false) => " What was sent before may have been placed.",
            };
            problem.try_set(Some(format!("The order {} placed. {}.{again}", refused.was_not, refused.reason)));
        });
    };
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        if sending.get_untracked() {
            return;
        }
        let (Some(form), chosen) = (form.get_untracked(), basket.chosen.get_untracked()) else { return };
        if chosen.is_empty() {
            problem.set(Some(format!("{NOTHING_CHOSEN}.")));
            return;
        }
        if let Some((line, _)) = untrack(|| basket.first_obstacle()) {
            lines::focus(line.product);
            return;
        }
        let field = |name: &str| lines::value_in(&form, &Wish::field(name));
        send(Wish {
            quantity: untrack(|| basket.quantities()),
            note: field("note"),
            customer_name: field("customer_name"),
            key: key.get_untracked(),
            q: String::new(),
        });
    };
    let works_here = use_visitor().person.works_here();
    let customer = works_here.then(|| {
        let hint = if use_visitor().is_signed_in() {
            "Without a name the order is your own."
        } else {
            "Somebody without an account."
        };
        view! {
            <div class="field">
                <label for="order-customer">"Customer’s name"</label>
                <input
                    id="order-customer"
                    name=Wish::field("customer_name")
                    maxlength=MAX_NAME.to_string()
                    value=wish.customer_name.clone()
                    autocomplete="off"
                    aria-describedby="order-customer-hint"
                />
                <p class="hint" id="order-customer-hint">
                    {hint}
                </p>
            </div>
        }
    });
    let total = Memo::new(move |_| basket.total());
    let sum = move || format!("{} €", total.get().1);
    let pieces = move || match total.get().0 {
        1 => "1 piece".to_owned(),
        pieces => format!("{} pieces", crate::app::inventory::grouped(pieces)),
    };
    view! {
        <form
            node_ref=form
            class="placing"
            method="post"
            action=PlaceOrder::PATH
            aria-label="New order"
            novalidate
            on:submit=submit
        >
            <input type="hidden" name=Wish::field("key") value=key />
            <Finder search basket />
            {move || {
                (total.get().0 > 0)
                    .then(|| {
                        view! {
                            <a class="basket-bar" href="#your-order" rel="external">
                                <strong>"Your order"</strong>
                                <span>{pieces} ", " {sum}</span>
                            </a>
                        }
                    })
            }}
            <section class="panel basket" id="your-order" aria-label="Your order">
                <h2>"Your order"</h2>
                <Lines basket />
                <div class="field">
                    <label for="order-note">"Note"</label>
                    <input
                        id="order-note"
                        name=Wish::field("note")
                        maxlength=MAX_NOTE.to_string()
                        value=wish.note.clone()
                        autocomplete="off"
                        placeholder="For those who pack it"
                    />
                </div>
                {customer}
                <p class="order-total">
                    <span>{pieces}</span>
                    <strong>{sum}</strong>
                </p>
                <p class="problem" role="alert">
                    {problem}
                </p>
                <button class="button primary" aria-disabled=move || sending.get().to_string()>
                    {move || if sending.get() { "Placing…" } else { "Place the order" }}
                </button>
            </section>
        </form>
    }
}
