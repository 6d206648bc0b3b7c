//! Modal dialogs that are open as long as something holds.

use leptos::{html, prelude::*};

/// Opens the dialog when `open` begins to hold, after `prepare`, and closes it when that ends. Read in an effect, so whatever signals
/// `open` reads are followed.
pub(super) fn follow(dialog: NodeRef<html::Dialog>, open: impl Fn() -> bool + 'static, prepare: impl Fn() + 'static) {
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match (open(), dialog.open()) {
            (true, false) => {
                prepare();
                // Fails only for dialogs that are open, or not in the document.
                let _ = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
}
