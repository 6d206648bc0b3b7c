//! Taking the question along: as a frame, or as a program.

use super::{
    ask::Ask,
    clipboard,
    model::Table,
    snippet::{Language, snippet},
};
use crate::app::toast::use_messages;
use leptos::prelude::*;

/// The popover.
const PANEL: &str = "copy-as";
/// Until the browser says where the page is from.
const ORIGIN: &str = "http://localhost:3000";

/// A button that opens them.
#[component]
pub(super) fn CopyAs(table: Table, ask: Memo<Ask>) -> impl IntoView {
    let messages = use_messages();
    let language = RwSignal::new(Language::default());
    let origin = RwSignal::new(ORIGIN.to_owned());
    Effect::new(move || {
        if let Ok(from) = window().location().origin() {
            origin.set(from);
        }
    });
    let text = Memo::new(move |_| ask.with(|ask| origin.with(|origin| snippet(language.get(), ask, &table, origin))));
    let choices = Language::ALL.map(|one| {
        let is_chosen = move || language.get() == one;
        view! {
            <button type="button" class="button" aria-pressed=move || is_chosen().to_string() on:click=move |_| language.set(one)>
                {one.label()}
            </button>
        }
    });
    view! {
        <button type="button" class="button copy-button" popovertarget=PANEL>
            "Copy as…"
        </button>
        <div id=PANEL class="copy-panel" role="dialog" aria-label="Copy the question" popover="auto">
            <div class="copy-choices" role="group" aria-label="Language">
                {choices}
            </div>
            <pre class="code" tabindex="0" aria-label="The question">
                {move || text.get()}
            </pre>
            <div class="copy-choices">
                <button
                    type="button"
                    class="button primary scripted"
                    on:click=move |_| clipboard::copy(text.get_untracked(), messages, "Copied")
                >
                    "Copy"
                </button>
                <button
                    type="button"
                    class="button scripted"
                    on:click=move |_| {
                        let address = origin.with_untracked(|origin| format!("{origin}{}", ask.with_untracked(Ask::address)));
                        clipboard::copy(address, messages, "The address is copied");
                    }
                >
                    "Copy the address"
                </button>
            </div>
        </div>
    }
}
