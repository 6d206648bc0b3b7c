//! Beside the conversation: all of them, the liveliest first, or what a search has found in them.

use super::{
    address::{self, Asked, PAGE},
    face::{Face, RoomFace},
    found::FoundList,
    me::Me,
    rows::{Chat, ChatKey, Mark, MarkKey, counted, unread},
};
use crate::{
    app::{icons::Icon, when::When},
    chat::limits::MAX_SEARCH,
    store::{LiveQuery, Phase, QueryError},
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{components::A, hooks::use_navigate};

/// Whose marks tell what is unread.
#[derive(Clone, Copy)]
pub(super) struct Lists {
    pub(super) chats: LiveQuery<Chat>,
    pub(super) marks: LiveQuery<Mark>,
}

impl Lists {
    /// What is unread of a conversation. Tracked.
    fn unread(self, chat: i64, me: Me) -> Memo<i64> {
        let (row, mark) = (self.chats.row(ChatKey { id: chat }), self.marks.row(MarkKey { chat, account: me.account }));
        Memo::new(move |_| row.with(|row| row.last).map_or(0, |last| unread(last, mark.get().as_ref())))
    }
}

/// `open`: the conversation that the page shows.
#[component]
pub(super) fn Side(lists: Lists, me: Me, asked: Memo<Asked>, open: Memo<Option<i64>>) -> impl IntoView {
    let q = Memo::new(move |_| asked.with(|asked| asked.q.clone()));
    let input = NodeRef::<html::Input>::new();
    let navigate = StoredValue::new(use_navigate());
    let page = move || open.get_untracked().map_or_else(|| PAGE.to_owned(), address::of);
    let search = move |submit: SubmitEvent| {
        submit.prevent_default();
        let q = input.get_untracked().map(|input| input.value()).unwrap_or_default().trim().to_owned();
        let to = Asked { q, ..Asked::default() }.on(&page());
        navigate.with_value(|navigate| navigate(&to, Default::default()));
    };
    view! {
        <section class="chat-side" aria-label="Conversations">
            <div class="chat-side-head">
                <h1>"Chat"</h1>
                <A href=address::new() attr:class="button">
                    <Icon name="plus" />
                    "New"
                </A>
            </div>
            <form class="chat-search" role="search" aria-label="Messages by their words" action=PAGE method="get" on:submit=search>
                <input
                    type="search"
                    name="q"
                    aria-label="Search messages"
                    placeholder="Search messages"
                    maxlength=MAX_SEARCH.to_string()
                    autocomplete="off"
                    value=q.get_untracked()
                    prop:value=q
                    node_ref=input
                />
                <button class="icon-button" aria-label="Search">
                    <Icon name="search" />
                </button>
            </form>
            {move || {
                if q.with(String::is_empty) {
                    view! { <List lists me open /> }.into_any()
                } else {
                    view! { <FoundList chats=lists.chats me q=q.get() back=page() /> }.into_any()
                }
            }}
        </section>
    }
}

#[component]
fn List(lists: Lists, me: Me, open: Memo<Option<i64>>) -> impl IntoView {
    let chats = lists.chats;
    let state = move || match (chats.is_empty(), chats.error(), chats.phase()) {
        (_, Some(QueryError::Read(_) | QueryError::Subscription(_)), _) => {
            let error = chats.error().map(|error| error.to_string());
            Some(
                view! {
                    <div class="notice refused" role="alert">
                        <p>
                            <strong>"The conversations cannot be shown."</strong>
                            " "
                            {error}
                            "."
                        </p>
                    </div>
                }
                .into_any(),
            )
        }
        (true, None, Phase::Loading) => {
            Some(view! { <p class="chat-none" role="status">"Loading the conversations…"</p> }.into_any())
        }
        (true, None, _) => Some(view! { <Nothing works_here=me.works_here /> }.into_any()),
        _ => None,
    };
    view! {
        {state}
        <ul class="chat-list" role="list" aria-label="Conversations">
            <For each=move || chats.keys() key=|key| key.id let:key>
                <Item lists me key open />
            </For>
        </ul>
    }
}

#[component]
fn Nothing(works_here: bool) -> impl IntoView {
    let advice = if works_here {
        "Open a room for everybody who works here, or write to somebody."
    } else {
        "Write to somebody who works here; they are told at once."
    };
    view! {
        <div class="chat-none">
            <p>"There are no conversations yet."</p>
            <p>{advice}</p>
        </div>
    }
}

#[component]
fn Item(lists: Lists, me: Me, key: ChatKey, open: Memo<Option<i64>>) -> impl IntoView {
    let row = lists.chats.row(key);
    let unread = lists.unread(key.id, me);
    let title = Memo::new(move |_| row.with(|row| row.title(me.account)).unwrap_or_default());
    let preview = move || row.with(|row| row.preview(me.account));
    let other = Memo::new(move |_| row.with(|row| row.other(me.account).map(|(account, _)| account)).flatten());
    let face = move || match other.get() {
        Some(account) => view! { <Face account=Some(account) name=title.get() /> }.into_any(),
        None => view! { <RoomFace /> }.into_any(),
    };
    let badge = move || {
        let unread = unread.get();
        (unread > 0).then(|| {
            view! {
                <span class="chat-badge">
                    {counted(unread)} <span class="unseen">" unread"</span>
                </span>
            }
        })
    };
    let is_unread = move || unread.get() > 0;
    view! {
        <li class:unread=is_unread>
            <a
                class="chat-item"
                href=address::of(key.id)
                aria-current=move || (open.get() == Some(key.id)).then_some("page")
            >
                {face}
                <span class="chat-item-title" dir="auto">
                    {title}
                </span>
                <When at=Signal::derive(move || row.with(|row| row.last_at)) />
                <span class="chat-item-text" dir="auto">
                    {preview}
                </span>
                {badge}
            </a>
        </li>
    }
}
