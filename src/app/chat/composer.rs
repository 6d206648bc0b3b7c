//! Where somebody writes: Enter sends, Shift and Enter begins a line, `@` offers names.

use super::{
    actions::SendMessage,
    conversation::Talk,
    naming::{Names, Naming},
    outbox::use_outbox,
    presence::Presence,
};
use crate::{
    app::{fresh, icons::Icon, toast::use_messages},
    chat::{limits::MAX_TEXT, validate},
};
use leptos::{ev, html, prelude::*, server_fn::ServerFn};
use std::collections::HashMap;

/// What the field is called in its page.
pub(super) const ELEMENT: &str = "chat-text";
/// So many characters before the end, somebody is told how many are left.
const WARNED: usize = 200;

/// What was typed and not sent, by conversation, as long as the page is open.
#[derive(Clone, Copy, Default)]
pub(in crate::app) struct Drafts(StoredValue<HashMap<i64, String>>);

#[component]
pub(super) fn Composer(talk: Talk, presence: Presence) -> impl IntoView {
    let input = NodeRef::<html::Textarea>::new();
    let outbox = use_outbox();
    let messages = use_messages();
    let drafts = use_context::<Drafts>();
    // Of the form as the browser itself sends it.
    let key = SharedValue::new(fresh::word).into_inner();
    let asked = talk.asked.get_untracked();
    let draft = if asked.edit.is_none() { asked.draft } else { String::new() };
    let length = RwSignal::new(draft.chars().count());
    let names = Naming::new(talk, input);
    // Where fingers write, Enter begins a line, and the button sends.
    let is_touched = StoredValue::new(false);
    let grow = move || {
        if let Some(input) = input.get_untracked() {
            length.set(input.value().chars().count());
            // As many lines as there are, within what the style sheet allows.
            input.set_rows((input.value().lines().count().max(1) as u32).min(8));
        }
    };
    let typed = move || {
        grow();
        names.look();
        let Some(input) = input.get_untracked() else { return };
        let text = input.value();
        if text.trim().is_empty() {
            presence.rests()
        } else {
            presence.types()
        }
        drafts.iter().for_each(|drafts| drafts.0.update_value(|drafts| drop(drafts.insert(talk.id, text.clone()))));
    };
    // What was typed here before the person looked elsewhere.
    Effect::new(move || {
        let Some(input) = input.get() else { return };
        let kept = drafts.and_then(|drafts| drafts.0.with_value(|drafts| drafts.get(&talk.id).cloned()));
        if let Some(kept) = kept.filter(|_| input.value().is_empty()) {
            input.set_value(&kept);
        }
        grow();
    });
    let send = move || {
        let (Some(input), Some(outbox)) = (input.get_untracked(), outbox) else { return };
        let text = match validate::text(&input.value()) {
            Ok(text) => text,
            Err(crate::chat::Refusal::Empty) => return,
            Err(refusal) => return messages.refused(format!("The message was not sent. {}.", refusal.reason())),
        };
        if !outbox.push(talk.id, text) {
            return messages.refused("The message was not sent. Too many others wait to be sent.");
        }
        input.set_value("");
        typed();
        let _ = input.focus();
    };
    let pressed = move |key: ev::KeyboardEvent| {
        if names.pressed(&key) {
            return;
        }
        match &*key.key() {
            "Enter" if !key.shift_key() && !key.is_composing() && !is_touched.get_value() => {
                key.prevent_default();
                send();
            }
            "ArrowUp" if input.get_untracked().is_some_and(|input| input.value().is_empty()) => {
                let own = untrack(|| talk.list.rows())
                    .into_iter()
                    .find(|row| row.author == Some(talk.me.account) && row.deleted_at.is_none());
                if let Some(own) = own {
                    key.prevent_default();
                    talk.editing.set(Some(own.number));
                }
            }
            _ => {}
        }
    };
    let left = move || {
        let length = length.get();
        match MAX_TEXT.checked_sub(length) {
            Some(left) if left > WARNED => String::new(),
            Some(left) => format!("{left} characters left"),
            None => format!("{} characters too many", length - MAX_TEXT),
        }
    };
    view! {
        <form
            class="chat-composer"
            method="post"
            action=SendMessage::PATH
            aria-label="Write a message"
            on:submit=move |submit: ev::SubmitEvent| {
                submit.prevent_default();
                send();
            }
        >
            <Names names />
            <input type="hidden" name="chat" value=talk.id.to_string() />
            <input type="hidden" name="account" value=talk.me.account.to_string() />
            <input type="hidden" name="key" value=key />
            <textarea
                id=ELEMENT
                name="text"
                rows="1"
                dir="auto"
                aria-label="Message"
                aria-describedby="chat-hint"
                aria-autocomplete="list"
                aria-controls="chat-names"
                aria-activedescendant=move || names.active()
                placeholder="Write a message"
                autocomplete="off"
                node_ref=input
                on:input=move |_| typed()
                on:keydown=pressed
                on:click=move |_| names.look()
                on:pointerdown=move |pointer: ev::PointerEvent| is_touched.set_value(pointer.pointer_type() == "touch")
                on:blur=move |_| names.close()
                inner_html=escaped(&draft)
            ></textarea>
            <button class="button primary chat-send" aria-label="Send" title="Send">
                <Icon name="send" />
            </button>
            <p class="chat-hint" id="chat-hint">
                <span class="scripted chat-keys">"Enter sends, Shift + Enter begins a line, @ names somebody. `code`, ```blocks```."</span>
                <span class="chat-left" role="status">
                    {left}
                </span>
            </p>
        </form>
    }
}

/// The content of a text field as HTML, which is how both sides of a page are given it.
pub(super) fn escaped(text: &str) -> String {
    // In a page, the first line end after the tag is not part of the text; of a field that a browser is given the content of, it is.
    let mut html = String::from(if cfg!(feature = "ssr") { "\n" } else { "" });
    for sign in text.chars() {
        match sign {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            sign => html.push(sign),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_that_is_typed_ends_the_field() {
        assert_eq!(super::escaped("</textarea><b>&amp;"), "\n&lt;/textarea&gt;&lt;b&gt;&amp;amp;");
    }
}
