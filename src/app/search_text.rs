//! What is typed into the search box of a page whose address says what is looked for. The address follows a moment after the last key;
//! the box follows the address when that changes by itself, as by going back or forward.

use leptos::prelude::*;
use std::time::Duration;

/// Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct SearchText {
    /// As it is typed.
    pub(super) text: RwSignal<String>,
    /// Set while the address has yet to follow.
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl SearchText {
    /// `asked`: what the address says.
    pub(super) fn new(asked: Memo<String>) -> Self {
        let text = RwSignal::new(asked.get_untracked());
        let timer = StoredValue::new(None);
        Effect::new(move || {
            let asked = asked.get();
            // Its own echo changes nothing, and what is being typed is newer.
            if timer.get_value().is_none() && text.with_untracked(|text| *text != asked) {
                text.set(asked);
            }
        });
        Self { text, timer }
    }

    /// Somebody types. `follow` leads to the address that says so, `lag` after the last key.
    pub(super) fn type_in(self, text: String, lag: Duration, follow: impl FnOnce() + 'static) {
        self.settle(text);
        let late = move || {
            // Not once the page is left.
            if self.timer.try_update_value(|timer| *timer = None).is_some() {
                follow();
            }
        };
        self.timer.set_value(set_timeout_with_handle(late, lag).ok());
    }

    /// The box says this, and whoever calls leads to the address that says so.
    pub(super) fn settle(self, text: String) {
        self.text.set(text);
        if let Some(running) = self.timer.get_value() {
            running.clear();
        }
        self.timer.set_value(None);
    }
}
