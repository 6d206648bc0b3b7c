//! A conversation that is open: what it is, what was said in it, what waits to be said, where to write.

use super::{
    address::{Asked, PAGE},
    composer::Composer,
    face::{Face, RoomFace},
    grouping::{Heads, heads},
    listing::Listing,
    me::Me,
    presence::{Presence, Present, use_presence},
    rows::{Chat, ChatKey, Mark, MarkKey, Message},
    span::Span,
};
use crate::{
    app::{icons::Icon, not_found::NotFound, response::set_status},
    store::{LiveQuery, Phase, QueryError, RowSignal, use_query},
};
use leptos::prelude::*;
use leptos_router::components::A;

/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// The rows of a conversation, and what of them is shown. The copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    pub(super) id: i64,
    pub(super) me: Me,
    pub(super) chat: LiveQuery<Chat>,
    /// The conversation's own row.
    row: RowSignal<Chat>,
    pub(super) list: LiveQuery<Message>,
    pub(super) marks: LiveQuery<Mark>,
    pub(super) span: RwSignal<Span>,
    /// The message that is being changed.
    pub(super) editing: RwSignal<Option<i64>>,
    /// The message that is to be deleted, if the answer is yes.
    pub(super) deleting: RwSignal<Option<i64>>,
    pub(super) asked: Memo<Asked>,
}

impl Talk {
    pub(super) fn row(self) -> RowSignal<Chat> {
        self.row
    }

    /// The number of the newest message. Tracked.
    pub(super) fn last(self) -> i64 {
        self.row().with(|row| row.last).unwrap_or_default()
    }

    /// How far whoever looks has read. Tracked.
    pub(super) fn read(self) -> Option<i64> {
        let rows = self.marks.rows();
        rows.into_iter().find(|mark| mark.account == self.me.account).map(|mark| mark.number)
    }

    /// The numbers of what is shown, the oldest first. Tracked.
    pub(super) fn numbers(self) -> Vec<i64> {
        let mut numbers: Vec<i64> =
            self.list.keys().into_iter().filter(|key| key.chat == self.id).map(|key| key.number).collect();
        numbers.reverse();
        numbers
    }
}

/// What is known of all messages that are shown.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) heads: Memo<Heads>,
    /// How far the others have read.
    pub(super) others: Memo<Vec<Mark>>,
}

#[component]
pub(super) fn Conversation(id: i64, me: Me, asked: Memo<Asked>) -> impl IntoView {
    let first = asked.with_untracked(|asked| asked.clone());
    let span = RwSignal::new(first.at.map_or(Span::FIRST, Span::around));
    let chat = use_query(Chat::one(id));
    let talk = Talk {
        id,
        me,
        chat,
        row: chat.row(ChatKey { id }),
        list: use_query(move || Message::of(id, span.get())),
        marks: use_query(Mark::of(id)),
        span,
        editing: RwSignal::new(first.edit),
        deleting: RwSignal::new(first.delete),
        asked,
    };
    view! {
        <Suspense fallback=|| {
            view! { <p class="chat-none" role="status">"Loading the conversation…"</p> }
        }>
            {move || Suspend::new(async move {
                let (chat, list, marks) = (talk.chat.ready().await, talk.list.ready().await, talk.marks.ready().await);
                view! { <Open talk=Talk { chat, list, marks, ..talk } /> }
            })}
        </Suspense>
    }
}

/// The conversation, once it is known whether there is one.
#[component]
fn Open(talk: Talk) -> impl IntoView {
    #[derive(Clone, PartialEq)]
    enum Is {
        Unknown,
        Unreadable(String),
        There,
        Nowhere,
    }
    if let Some(QueryError::Read(_)) = untrack(|| talk.chat.error()) {
        set_status(UNAVAILABLE);
    }
    let row = talk.row();
    let is = Memo::new(move |_| match (row.with(|_| ()), talk.chat.error(), talk.chat.phase()) {
        (Some(()), ..) => Is::There,
        (None, Some(error), _) => Is::Unreadable(error.to_string()),
        (None, None, Phase::Loading) => Is::Unknown,
        (None, None, _) => Is::Nowhere,
    });
    move || match is.get() {
        Is::There => view! { <View talk /> }.into_any(),
        Is::Nowhere => view! { <NotFound /> }.into_any(),
        Is::Unknown => view! { <p class="chat-none" role="status">"Loading the conversation…"</p> }.into_any(),
        Is::Unreadable(error) => view! {
            <div class="notice refused" role="alert">
                <p>
                    <strong>"The conversation cannot be shown."</strong>
                    " "
                    {error}
                    "."
                </p>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn View(talk: Talk) -> impl IntoView {
    let me = talk.me;
    // Where what is new begins stays where it was when the conversation was opened.
    let read = untrack(|| talk.read());
    let heads = Memo::new(move |_| {
        let mut rows = talk.list.rows();
        rows.retain(|row| row.chat == talk.id);
        rows.reverse();
        heads(&rows, me.account, read)
    });
    let others = Memo::new(move |_| {
        let mut marks = talk.marks.rows();
        marks.retain(|mark| mark.account != me.account);
        marks
    });
    provide_context(Known { heads, others });
    let (is_room, other) =
        untrack(|| talk.row().with(|row| (row.is_room(), row.other(me.account).map(|(account, _)| account))))
            .unwrap_or_default();
    let presence = use_presence(talk.id, other.filter(|_| !is_room), me);
    view! {
        <Head talk presence />
        <Listing talk />
        <div class="chat-foot">
            <Typing presence />
            <Composer talk presence />
        </div>
    }
}

#[component]
fn Head(talk: Talk, presence: Presence) -> impl IntoView {
    let (row, me) = (talk.row(), talk.me.account);
    let title = Memo::new(move |_| row.with(|row| row.title(me)).unwrap_or_default());
    let other = Memo::new(move |_| row.with(|row| row.other(me).map(|(account, _)| account)).flatten());
    let face = move || match other.get() {
        Some(account) => view! { <Face account=Some(account) name=title.get() /> }.into_any(),
        None => view! { <RoomFace /> }.into_any(),
    };
    let about = move || {
        row.with(|row| match (row.is_room(), row.topic.is_empty()) {
            (true, false) => row.topic.clone(),
            (true, true) => "A room for everybody who works here".to_owned(),
            (false, _) => "Only you two can read this".to_owned(),
        })
    };
    view! {
        <header class="chat-head">
            <A href=PAGE attr:class="icon-button chat-back" attr:aria-label="All conversations">
                <Icon name="back" />
            </A>
            {face}
            <div class="chat-head-words">
                <h1 dir="auto">{title}</h1>
                <p dir="auto">{about}</p>
            </div>
            <Present presence />
        </header>
    }
}

/// Who is typing.
#[component]
fn Typing(presence: Presence) -> impl IntoView {
    let words = move || match presence.typing().as_slice() {
        [] => String::new(),
        [one] => format!("{one} is typing…"),
        [one, two] => format!("{one} and {two} are typing…"),
        [one, rest @ ..] => format!("{one} and {} others are typing…", rest.len()),
    };
    view! {
        <p class="chat-typing" role="status" dir="auto">
            {words}
        </p>
    }
}

/// The key of the mark of whoever looks.
pub(super) fn own_mark(talk: Talk) -> MarkKey {
    MarkKey { chat: talk.id, account: talk.me.account }
}
