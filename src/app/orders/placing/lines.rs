//! The lines of an order as it grows: how many pieces of what, and what stands in the way.

use super::basket::{Basket, Chosen};
use crate::app::{
    icons::Icon,
    inventory::{Price, grouped},
    orders::wish::{Wish, quantity},
};
use leptos::wasm_bindgen::JsCast;
use leptos::{
    ev,
    prelude::*,
    web_sys::{HtmlFormElement, HtmlInputElement},
};

/// What was chosen, or what to do first.
#[component]
pub(super) fn Lines(basket: Basket) -> impl IntoView {
    let empty = Memo::new(move |_| basket.chosen.with(Vec::is_empty));
    let hint = move || {
        empty.get().then(|| {
            view! {
                <p class="hint scripted">"Add products from the list. What is left of each is shown as it changes."</p>
                <p class="hint plain">"Type how many pieces you want of each product, then place the order."</p>
            }
        })
    };
    view! {
        {hint}
        <ul class="lines" aria-label="Lines">
            <For each=move || basket.chosen.get() key=|one| one.product let:one>
                <Line basket one />
            </For>
        </ul>
    }
}

#[component]
fn Line(basket: Basket, one: Chosen) -> impl IntoView {
    let product = basket.product(one.product);
    let obstacle = Memo::new(move |_| basket.obstacle(one));
    let name = move || product.read(|row| row.name.clone());
    let sum = move || {
        let price = product.read(|row| row.price.0);
        Price(price.saturating_mul(one.typed.with(|typed| quantity(typed)).unwrap_or(0))).to_string()
    };
    let (id, problem_id) = (input_id(one.product), format!("{}-problem", input_id(one.product)));
    let keys = move |key: ev::KeyboardEvent| {
        let by = match key.key().as_str() {
            "ArrowUp" => 1,
            "ArrowDown" => -1,
            // It would send the form by its first button.
            "Enter" => 0,
            _ => return,
        };
        key.prevent_default();
        if by != 0 {
            basket.step(one, by);
        }
    };
    view! {
        <li class="line" class:blocked=move || obstacle.get().is_some()>
            <div class="line-what">
                <p class="found-name" dir="auto">
                    {name}
                </p>
                <p class="found-more">
                    <span class="code">{move || product.read(|row| row.sku.clone())}</span>
                    <span>{move || product.read(|row| format!("{} € a piece", row.price))}</span>
                    <span class="stock">{move || product.read(|row| format!("{} left", grouped(row.quantity.into())))}</span>
                </p>
            </div>
            <div class="stepper">
                <button
                    type="button"
                    class="icon-button scripted"
                    aria-label=move || format!("One less of {}", name())
                    on:click=move |_| basket.step(one, -1)
                >
                    <Icon name="minus" />
                </button>
                <input
                    id=id
                    name=Wish::quantity_field(one.product)
                    inputmode="numeric"
                    autocomplete="off"
                    aria-label=move || format!("Pieces of {}", name())
                    aria-invalid=move || obstacle.get().is_some().then_some("true")
                    aria-describedby=problem_id.clone()
                    value=one.typed.get_untracked()
                    prop:value=one.typed
                    on:input=move |input| one.typed.set(event_target_value(&input))
                    on:keydown=keys
                />
                <button
                    type="button"
                    class="icon-button scripted"
                    aria-label=move || format!("One more of {}", name())
                    on:click=move |_| basket.step(one, 1)
                >
                    <Icon name="plus" />
                </button>
            </div>
            <p class="line-sum">{sum} " €"</p>
            <button
                type="button"
                class="icon-button scripted"
                aria-label=move || format!("Take out {}", name())
                title="Take out"
                on:click=move |_| basket.take_out(one.product)
            >
                <Icon name="close" />
            </button>
            <p class="problem" id=problem_id role="status">
                {move || obstacle.get().map(|obstacle| format!("{}.", obstacle.message()))}
            </p>
        </li>
    }
}

fn input_id(product: i64) -> String {
    format!("pieces-{product}")
}

/// Puts the focus on the line of a product.
pub(super) fn focus(product: i64) {
    let input = document().get_element_by_id(&input_id(product));
    if let Some(input) = input.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) {
        // Fails only for elements that are not in the document.
        let _ = input.focus();
        input.select();
    }
}

/// What is typed into a field of a form; nothing if there is no such field.
pub(super) fn value_in(form: &HtmlFormElement, name: &str) -> String {
    let field = form.query_selector(&format!("input[name=\"{name}\"]")).ok().flatten();
    field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()).map(|input| input.value()).unwrap_or_default()
}
