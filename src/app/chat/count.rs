//! In the header: how many messages are unread, of all conversations together.

use super::{
    me::{Me, use_me},
    rows::{Chat, Mark, counted, unread},
};
use crate::store::use_query;
use leptos::prelude::*;
use std::collections::HashMap;

/// A number beside the link, for those who have an account. It comes over the socket: no page waits for it.
#[component]
pub(in crate::app) fn UnreadCount() -> impl IntoView {
    let is_mounted = RwSignal::new(false);
    Effect::new(move || is_mounted.set(true));
    use_me().map(|me| move || is_mounted.get().then(|| view! { <Count me /> }))
}

#[component]
fn Count(me: Me) -> impl IntoView {
    let (chats, marks) = (use_query(Chat::all()), use_query(Mark::own(me.account)));
    let total = Memo::new(move |_| {
        let marks: HashMap<i64, Mark> = marks.rows().into_iter().map(|mark| (mark.chat, mark)).collect();
        chats.rows().iter().map(|chat| unread(chat.last, marks.get(&chat.id))).sum::<i64>()
    });
    move || {
        (total.get() > 0).then(|| {
            view! {
                <span class="chat-badge in-header">
                    {counted(total.get())} <span class="unseen">" unread"</span>
                </span>
            }
        })
    }
}
