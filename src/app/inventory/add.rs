//! The form for a new product. It opens from a `<details>`, so that it opens without JavaScript too.

use super::{
    actions::{AddProduct, add_product},
    refusal::{Notice, Unconfirmed},
    sheet::Sheet,
    validate::{self, Field, Problems},
};
use crate::app::{icons::Icon, toast::use_messages};
use leptos::{ev, form::FromFormData, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use std::collections::BTreeSet;

/// Where in the store's shelves the names of categories are offered from.
const CATEGORIES: &str = "categories";

/// A button that opens the form, and the form. A refused `notice` opens it with what was typed.
#[component]
pub(super) fn AddProductForm(notice: Memo<Option<Notice>>) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let messages = use_messages();
    let (typed, known) = match notice.get_untracked() {
        Some(Notice::AddRefused(typed, refusal)) => (Some(*typed), refusal.problems()),
        _ => (None, Problems::new()),
    };
    let open = typed.is_some();
    let typed = typed.unwrap_or_default();
    let problems = RwSignal::new(known);
    let sending = RwSignal::new(false);
    let categories = RwSignal::new(BTreeSet::<String>::new());
    let (details, form) = (NodeRef::<html::Details>::new(), NodeRef::<html::Form>::new());
    let close = move || {
        if let Some(details) = details.get_untracked() {
            details.set_open(false);
            if let Ok(Some(summary)) = details.query_selector("summary") {
                focus(&summary);
            }
        }
    };
    let opened = {
        let live = sheet.live.clone();
        move |_| {
            let Some(details) = details.get_untracked().filter(|details| details.open()) else { return };
            let mut found = BTreeSet::new();
            live.for_each(|row| {
                if !found.contains(&row.category) {
                    found.insert(row.category.clone());
                }
            });
            categories.set(found);
            if let Ok(Some(first)) = details.query_selector("input:not([type=hidden])") {
                focus(&first);
            }
        }
    };
    let escape = move |key: ev::KeyboardEvent| {
        if key.key() == "Escape" {
            close();
        }
    };
    let refuse = move |found: Problems| {
        let first = found.first().map(|(field, _)| *field);
        problems.set(found);
        request_animation_frame(move || {
            let first = first.and_then(|field| document().get_element_by_id(&input_id(field)));
            first.iter().for_each(focus);
        });
    };
    let submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        let Ok(AddProduct { product, .. }) = AddProduct::from_event(&submit) else { return };
        if sending.get_untracked() {
            return;
        }
        if let Err(found) = validate::product(&product) {
            refuse(found);
            return;
        }
        problems.set(Problems::new());
        sending.set(true);
        spawn_local(async move {
            let name = product.name.trim().to_owned();
            let tell =
                |Unconfirmed { was_not, reason }| messages.refused(format!("“{name}” {was_not} added. {reason}."));
            let answer = add_product(product, String::new()).await;
            sending.set(false);
            match answer {
                Ok(Ok(_)) => {
                    messages.done(format!("Added “{name}”"));
                    form.get_untracked().into_iter().for_each(|form| form.reset());
                    close();
                }
                Ok(Err(refusal)) => match refusal.problems() {
                    found if found.is_empty() => {
                        tell(Unconfirmed::refused(&refusal));
                    }
                    found => refuse(found),
                },
                Err(error) => tell(Unconfirmed::failed(&error)),
            }
        });
    };
    let back = sheet.listing.with_untracked(|listing| listing.address());
    view! {
        <details node_ref=details class="add" open=open on:toggle=opened on:keydown=escape>
            <summary class="button primary">
                <Icon name="plus" />
                "Add "
                <span class="unit">"product"</span>
            </summary>
            <form
                node_ref=form
                class="sheet"
                method="post"
                action=AddProduct::PATH
                aria-label="Add product"
                novalidate
                on:submit=submit
            >
                <h2>"Add product"</h2>
                <input type="hidden" name="back" value=back />
                <div class="fields">
                    {Field::ALL
                        .map(|field| view! { <FieldInput field typed=typed.get(field).to_owned() problems /> })
                        .collect_view()}
                </div>
                <datalist id=CATEGORIES>
                    {move || categories.get().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
                </datalist>
                <div class="sheet-end">
                    <button type="button" class="button scripted" on:click=move |_| close()>
                        "Cancel"
                    </button>
                    <button class="button primary" aria-disabled=move || sending.get().to_string()>
                        "Add product"
                    </button>
                </div>
            </form>
        </details>
    }
}

fn input_id(field: Field) -> String {
    format!("add-{}", field.column())
}

/// Fails only for elements outside of the document.
fn focus(element: &leptos::web_sys::Element) {
    use leptos::wasm_bindgen::JsCast;
    if let Some(element) = element.dyn_ref::<leptos::web_sys::HtmlElement>() {
        let _ = element.focus();
    }
}

/// A field with its label, and below it what is wrong with it.
#[component]
fn FieldInput(field: Field, typed: String, problems: RwSignal<Problems>) -> impl IntoView {
    let problem = Memo::new(move |_| {
        problems.with(|problems| problems.iter().find(|(of, _)| *of == field).map(|(_, problem)| *problem))
    });
    let id = input_id(field);
    let problem_id = format!("{id}-problem");
    let numeric = match field {
        Field::Quantity | Field::ReorderLevel => Some("numeric"),
        Field::Price => Some("decimal"),
        _ => None,
    };
    let label = if field == Field::Price { "Price, €" } else { field.label() };
    view! {
        <div class=format!("field field-{}", field.column())>
            <label for=id.clone()>{label}</label>
            <input
                id=id.clone()
                name=format!("product[{}]", field.column())
                value=typed
                inputmode=numeric
                autocomplete="off"
                list=(field == Field::Category).then_some(CATEGORIES)
                placeholder=example(field)
                aria-invalid=move || problem.get().is_some().then_some("true")
                aria-describedby=problem_id.clone()
            />
            <p class="problem" id=problem_id>
                {move || problem.get().map(|problem| problem.message(field))}
            </p>
        </div>
    }
}

fn example(field: Field) -> &'static str {
    match field {
        Field::Sku => "HT-HAM-1042",
        Field::Name => "Forged claw hammer 450 g",
        Field::Category => "Hand tools",
        Field::Location => "B-07-3",
        Field::Quantity => "120",
        Field::ReorderLevel => "20",
        Field::Price => "12.90",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::validate::Typed, *};

    #[test]
    fn every_example_is_valid() {
        let example = |field| example(field).to_owned();
        let typed = Typed {
            sku: example(Field::Sku),
            name: example(Field::Name),
            category: example(Field::Category),
            location: example(Field::Location),
            quantity: example(Field::Quantity),
            reorder_level: example(Field::ReorderLevel),
            price: example(Field::Price),
        };
        assert!(validate::product(&typed).is_ok());
    }
}
