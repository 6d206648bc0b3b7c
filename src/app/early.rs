//! What somebody chose in forms while the program was loading. Hydration gives selects and checkboxes what the server said of them, so it
//! is noted before.

use std::{cell::RefCell, collections::HashMap};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};

thread_local! {
    /// By the names of the fields.
    static CHOSEN: RefCell<HashMap<String, String>> = RefCell::default();
}

/// Notes it. Called once, before the page is hydrated.
pub(crate) fn note() {
    let Ok(fields) = leptos::prelude::document().query_selector_all("select[name], input[type=checkbox][name]") else {
        return;
    };
    let fields = (0..fields.length()).filter_map(|at| fields.item(at)?.dyn_into::<Element>().ok());
    let chosen = fields.filter_map(|field| Some((field.get_attribute("name")?, chosen_in(&field)?))).collect();
    CHOSEN.set(chosen);
}

/// The value of a field that is not what the server said. An empty one: the box is not checked.
fn chosen_in(field: &Element) -> Option<String> {
    if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
        let said = select.query_selector("option[selected]").ok().flatten();
        let said = said.and_then(|option| option.get_attribute("value")).unwrap_or_default();
        return Some(select.value()).filter(|value| *value != said);
    }
    let checkbox = field.dyn_ref::<HtmlInputElement>()?;
    let value = if checkbox.checked() { checkbox.value() } else { String::new() };
    (checkbox.checked() != checkbox.default_checked()).then_some(value)
}

/// What was chosen in the field of this name, if anything was; the next one who asks is told nothing.
pub(super) fn chosen(name: &str) -> Option<String> {
    CHOSEN.with_borrow_mut(|chosen| chosen.remove(name))
}
