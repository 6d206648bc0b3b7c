//! How close rows and controls stand: comfortable or compact. The choice is kept in the browser and applied before the first paint, by
//! the theme's early script.

use super::storage::store_word;
use leptos::{prelude::*, web_sys::Event};

/// Under which name the browser keeps the choice.
const STORAGE_KEY: &str = "rowcast-density";
/// Of the document's root, where the style sheet asks for it.
const ATTRIBUTE: &str = "data-density";
/// What is kept, and asked for.
const COMPACT: &str = "compact";
const COMFORTABLE: &str = "comfortable";

/// Takes the other one; which that is.
pub(super) fn turn() -> &'static str {
    let root = document().document_element();
    // Not what is kept: a browser may keep nothing.
    let is_compact = root.as_ref().and_then(|root| root.get_attribute(ATTRIBUTE)).as_deref() == Some(COMPACT);
    let word = if is_compact { COMFORTABLE } else { COMPACT };
    store_word(STORAGE_KEY, word);
    if let Some(root) = root {
        // Fails only for names that are no attribute's.
        let _ = root.set_attribute(ATTRIBUTE, word);
    }
    // Whatever has measured its rows measures them again.
    if let Ok(resized) = Event::new("resize") {
        let _ = window().dispatch_event(&resized);
    }
    word
}
