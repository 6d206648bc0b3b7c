//! One notification.

use super::{
    actions::MarkRead,
    reading::Reading,
    row::{Notification, NotificationKey},
};
use crate::{
    app::{icons::Icon, when::When},
    identity::paths,
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn};

/// A line of the list; following its link reads it.
#[component]
pub(super) fn Item(key: NotificationKey) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let row = reading.list.row(key);
    let read = move |look: fn(&Notification) -> String| row.with(look).unwrap_or_default();
    let unread = Memo::new(move |_| row.with(|row| row.read_at.is_none()).unwrap_or_default());
    let title = move || read(|row| row.title.clone());
    let mark = move |submit: SubmitEvent| {
        submit.prevent_default();
        reading.one(key.id);
    };
    let button = move || {
        unread.get().then(|| {
            view! {
                <form method="post" action=MarkRead::PATH on:submit=mark>
                    <input type="hidden" name="id" value=key.id.to_string() />
                    <button class="icon-button" title="Mark as read" aria-label=move || format!("Mark “{}” as read", title())>
                        <Icon name="check" />
                    </button>
                </form>
            }
        })
    };
    view! {
        <li class="notification" class:unread=unread>
            <span class="notification-dot" aria-hidden="true"></span>
            <div class="notification-text">
                <a
                    href=move || paths::local(&read(|row| row.link.clone())).to_owned()
                    on:click=move |_| reading.one(key.id)
                >
                    <span dir="auto">{title}</span>
                    {move || unread.get().then(|| view! { <span class="unseen">" (unread)"</span> })}
                </a>
                <p dir="auto">{move || read(|row| row.body.clone())}</p>
            </div>
            <When at=Signal::derive(move || row.with(|row| row.at)) />
            {button}
        </li>
    }
}
