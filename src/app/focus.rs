//! Where the keyboard's focus goes when what had it is drawn anew, or is gone.

use leptos::wasm_bindgen::JsCast;
use leptos::{prelude::*, web_sys::HtmlElement};

/// Puts the focus on the first of these elements that is there, once what changes now has been drawn.
pub(super) fn focus_soon(ids: Vec<String>) {
    request_animation_frame(move || focus(&ids));
}

/// The same, if nothing has the focus then, as when what had it is gone. A frame later than [`focus_soon`]: whoever asks for the focus
/// meanwhile, such as the next card in a row of keys, has it.
pub(super) fn focus_if_lost(ids: Vec<String>) {
    request_animation_frame(move || {
        request_animation_frame(move || {
            if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
                focus(&ids);
            }
        });
    });
}

fn focus(ids: &[String]) {
    let element = ids.iter().find_map(|id| document().get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Fails only for elements that are not in the document.
        let _ = element.focus();
    }
}
