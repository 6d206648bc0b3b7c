//! The keyboard, as far as it is everybody's.

use super::{center::Center, command::Who, keys::Keys};
use leptos::{
    ev::{self, KeyboardEvent},
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::HtmlElement,
};

/// Listens as long as the calling component is there.
pub(super) fn listen(center: Center, who: Who) {
    let keys = StoredValue::new(Keys::default());
    Effect::new(move || {
        let listening = window_event_listener(ev::keydown, move |key| {
            if is_palette_key(&key) {
                // The browser would put the focus on its address.
                key.prevent_default();
                if key.repeat() {
                    return;
                }
                let open = center.palette.get_untracked();
                if open || !is_dialog_open() {
                    center.palette.set(!open);
                }
                return;
            }
            let Some(character) = character(&key).filter(|_| center.plain_keys.get_untracked()) else { return };
            let command = keys.try_update_value(|keys| keys.press(character, key.time_stamp(), who)).flatten();
            if let Some(command) = command {
                key.prevent_default();
                center.carry_out(command);
            }
        });
        on_cleanup(move || listening.remove());
    });
}

/// Ctrl-K or Cmd-K, also while somebody types. Where the keys have other letters, it is the key in that place.
fn is_palette_key(key: &KeyboardEvent) -> bool {
    let name = key.key();
    let is_k = if name.is_ascii() { name.eq_ignore_ascii_case("k") } else { key.code() == "KeyK" };
    (key.ctrl_key() || key.meta_key()) && !key.alt_key() && !key.shift_key() && is_k
}

/// The character of a key that is nobody else's: nobody types, no dialog is open, nothing on the page has used it.
fn character(key: &KeyboardEvent) -> Option<char> {
    if key.ctrl_key()
        || key.meta_key()
        || key.alt_key()
        || key.repeat()
        || key.is_composing()
        || key.default_prevented()
    {
        return None;
    }
    let name = key.key();
    let mut characters = name.chars();
    let character = characters.next().filter(|_| characters.next().is_none())?;
    let target = key.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let types = target.is_some_and(|target| {
        target.is_content_editable() || matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
    });
    (!types && !is_dialog_open()).then_some(character.to_ascii_lowercase())
}

fn is_dialog_open() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}
