//! Small things that the browser keeps for the person who uses it. A browser may forbid that; then they last as long as
//! the page.

use web_sys::Storage;

fn storage() -> Option<Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}

/// What is kept under `name`.
pub(super) fn stored_word(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Keeps `word` under `name`, if the browser lets us.
pub(super) fn store_word(name: &str, word: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(name, word);
    }
}
