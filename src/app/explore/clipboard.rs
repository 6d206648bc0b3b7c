//! The clipboard of a browser.

use crate::app::toast::Messages;
use leptos::{prelude::window, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

/// Puts a text there, and says so, or that it cannot be done.
pub(super) fn copy(text: String, messages: Messages, done: &'static str) {
    // Missing where a page is neither from this machine nor over TLS.
    if !window().is_secure_context() {
        messages
            .refused("This browser lets nothing be copied from a page without TLS; select the text instead".to_owned());
        return;
    }
    let writing = JsFuture::from(window().navigator().clipboard().write_text(&text));
    spawn_local(async move {
        match writing.await {
            Ok(_) => messages.done(done.to_owned()),
            Err(_) => messages.refused("The browser did not let it be copied; select the text instead".to_owned()),
        }
    });
}
