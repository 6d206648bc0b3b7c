//! What a search has found: messages, each with a way to where it stands.

use super::{
    actions::search_chat,
    address::{self, Asked},
    me::Me,
    outbox::refusal_in,
    rows::{Chat, ChatKey},
};
use crate::{
    app::{time::Timestamp, when::When},
    chat::{Found, Refusal, limits::MAX_FOUND},
    store::LiveQuery,
};
use leptos::prelude::*;
use leptos_router::components::A;

/// `back`: the page without the search.
#[component]
pub(super) fn FoundList(chats: LiveQuery<Chat>, me: Me, q: String, back: String) -> impl IntoView {
    let wanted = q.clone();
    let found = Resource::new_blocking(
        move || wanted.clone(),
        |q| async move {
            match search_chat(q).await {
                Ok(found) => found,
                Err(error) => Err(refusal_in(&error.to_string()).unwrap_or(Refusal::Unavailable)),
            }
        },
    );
    let q = StoredValue::new(q);
    view! {
        <p class="chat-found-head">
            <A href=back>"Close the search"</A>
        </p>
        <Suspense fallback=|| {
            view! { <p class="chat-none" role="status">"Searching…"</p> }
        }>
            {move || Suspend::new(async move {
                match found.await {
                    Err(refusal) => {
                        view! {
                            <div class="notice refused" role="alert">
                                <p>"Nothing could be looked for. " {refusal.reason()} "."</p>
                            </div>
                        }
                            .into_any()
                    }
                    Ok(all) => view! { <All all chats me q=q.get_value() /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn All(all: Vec<Found>, chats: LiveQuery<Chat>, me: Me, q: String) -> impl IntoView {
    let count = match all.len() {
        0 => format!("Nothing was said with “{q}” in it."),
        1 => "1 message".to_owned(),
        most if most == MAX_FOUND as usize => format!("The newest {most} messages"),
        some => format!("{some} messages"),
    };
    let item = move |found: Found| {
        let Found { chat, number, author_name, at, excerpt } = found;
        let row = chats.row(ChatKey { id: chat });
        let title = move || row.with(|row| row.title(me.account));
        let to = Asked { at: Some(number), q: q.clone(), ..Asked::default() }.on(&address::of(chat));
        view! {
            <li>
                <a class="chat-item of-search" href=to>
                    <span class="chat-item-title" dir="auto">
                        {author_name}
                    </span>
                    <When at=Signal::stored(Timestamp::parse(&at)) />
                    <span class="chat-item-text" dir="auto">
                        {excerpt}
                    </span>
                    <span class="chat-item-where" dir="auto">
                        {title}
                    </span>
                </a>
            </li>
        }
    };
    view! {
        <p class="chat-found-count" role="status">
            {count}
        </p>
        <ul class="chat-list" role="list" aria-label="Messages found">
            {all.into_iter().map(item).collect_view()}
        </ul>
    }
}
