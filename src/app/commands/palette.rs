//! The palette: whoever types a few letters gets to any page and does anything.
//!
//! A combobox with a list (ARIA Authoring Practices): the focus stays in the input, and the list says which of its options is meant.

use super::{
    center::Center,
    command::{Command, Who},
    matching::matching,
};
use crate::{
    app::{dialog, icons::Icon},
    identity::{paths, visitor::use_visitor},
};
use leptos::{ev, html, prelude::*};

/// The list's id, and the beginning of those of its options.
const LIST: &str = "commands";

/// In the header: how those who do not know the key find the palette.
#[component]
pub(in crate::app) fn PaletteButton() -> impl IntoView {
    let center = expect_context::<Center>();
    view! {
        <button
            type="button"
            class="palette-button scripted"
            aria-label="Commands"
            aria-haspopup="dialog"
            aria-keyshortcuts="Control+K Meta+K"
            title="Commands (Ctrl K)"
            on:click=move |_| center.palette.set(true)
        >
            <Icon name="search" />
            <span class="palette-hint" aria-hidden="true">
                "Go to…" <kbd>"Ctrl K"</kbd>
            </span>
        </button>
    }
}

/// The dialog.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let center = expect_context::<Center>();
    let who = Who::of(&use_visitor());
    let (dialog, input) = (NodeRef::<html::Dialog>::new(), NodeRef::<html::Input>::new());
    let typed = RwSignal::new(String::new());
    let place = RwSignal::new(0_usize);
    let found = Memo::new(move |_| matching(&typed.read(), who));
    let emptied = move || {
        typed.set(String::new());
        place.set(0);
        if let Some(input) = input.get_untracked() {
            input.set_value("");
        }
    };
    dialog::follow(dialog, move || center.palette.get(), emptied);
    let run = move |place: usize| {
        let Some(command) = found.with_untracked(|found| found.get(place).cloned()) else { return };
        // Before the command, which may put the focus elsewhere than where it was.
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        center.palette.set(false);
        center.carry_out(command);
    };
    let move_to = move |to: usize| {
        place.set(to);
        request_animation_frame(move || {
            if let Some(option) = document().get_element_by_id(&option_id(to)) {
                option.scroll_into_view_with_bool(false);
            }
        });
    };
    let key = move |key: ev::KeyboardEvent| {
        let (here, count) = (place.get_untracked(), found.with_untracked(Vec::len).max(1));
        match key.key().as_str() {
            "ArrowDown" => move_to((here + 1) % count),
            "ArrowUp" => move_to((here + count - 1) % count),
            "Enter" if !key.is_composing() => run(here),
            _ => return,
        }
        key.prevent_default();
    };
    let options = move || {
        found
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, command)| view! { <CommandOption command at place on_click=move || run(at) /> })
            .collect_view()
    };
    view! {
        <dialog
            class="palette"
            aria-label="Commands"
            node_ref=dialog
            on:close=move |_| center.palette.set(false)
            // Beside the dialog is the dialog itself, as far as a pointer is concerned.
            on:pointerdown=move |press| {
                if let Some(dialog) = dialog.get_untracked()
                    && press.target().as_ref() == Some(dialog.as_ref())
                {
                    dialog.close();
                }
            }
        >
            <div class="palette-inner">
                <label class="palette-input">
                    <Icon name="search" />
                    <span class="unseen">"Command, page, order or product"</span>
                    <input
                        node_ref=input
                        type="text"
                        role="combobox"
                        aria-expanded="true"
                        aria-controls=LIST
                        aria-autocomplete="list"
                        aria-activedescendant=move || option_id(place.get())
                        placeholder="A page, a command, the number of an order, a product…"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        autofocus
                        on:input=move |input| {
                            typed.set(event_target_value(&input));
                            place.set(0);
                        }
                        on:keydown=key
                    />
                </label>
                <ul id=LIST role="listbox" aria-label="Commands">
                    {options}
                </ul>
                <p class="palette-foot" aria-hidden="true">
                    <kbd>"↑"</kbd>
                    <kbd>"↓"</kbd>
                    " choose "
                    <kbd>"Enter"</kbd>
                    " do it "
                    <kbd>"Esc"</kbd>
                    " close"
                </p>
            </div>
        </dialog>
        <form method="post" action=paths::SIGN_OUT hidden node_ref=center.sign_out></form>
    }
}

fn option_id(at: usize) -> String {
    format!("{LIST}-{at}")
}

#[component]
fn CommandOption(command: Command, at: usize, place: RwSignal<usize>, on_click: impl Fn() + 'static) -> impl IntoView {
    view! {
        <li
            id=option_id(at)
            role="option"
            aria-selected=move || (place.get() == at).to_string()
            on:click=move |_| on_click()
            on:pointermove=move |_| {
                if place.get_untracked() != at {
                    place.set(at);
                }
            }
        >
            <bdi>{command.label()}</bdi>
            <span class="palette-keys" aria-hidden="true">
                {command.keys().into_iter().map(|key| view! { <kbd>{key.to_string()}</kbd> }).collect_view()}
            </span>
        </li>
    }
}
