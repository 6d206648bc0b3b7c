//! What a message says, as elements: never as HTML.

use crate::chat::text::{Block, Inline, blocks};
use leptos::prelude::*;

/// The text of a message. `mentioned`: who is named in it; `is_me`: whether that is whoever looks.
#[component]
pub(super) fn Body(text: String, mentioned: Vec<String>, is_me: bool) -> impl IntoView {
    let parts = blocks(&text, &mentioned);
    view! { <div class="chat-text">{parts.into_iter().map(|part| block(part, is_me)).collect_view()}</div> }
}

fn block(part: Block, is_me: bool) -> AnyView {
    match part {
        Block::Code(code) => view! {
            <pre dir="ltr" tabindex="0">
                <code>{code}</code>
            </pre>
        }
        .into_any(),
        Block::Text(parts) => {
            let parts = parts.into_iter().map(|part| inline(part, is_me)).collect_view();
            view! { <p dir="auto">{parts}</p> }.into_any()
        }
    }
}

fn inline(part: Inline, is_me: bool) -> AnyView {
    match part {
        Inline::Text(words) => words.into_any(),
        Inline::Code(code) => view! { <code dir="ltr">{code}</code> }.into_any(),
        Inline::Name(name) => view! { <bdi class="chat-name" class:me=is_me>{format!("@{name}")}</bdi> }.into_any(),
        Inline::Link(address) => {
            let shown = address.clone();
            view! {
                <a href=address target="_blank" rel="noopener noreferrer nofollow" dir="ltr">
                    {shown}
                </a>
            }
            .into_any()
        }
    }
}
