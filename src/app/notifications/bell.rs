//! In the header: how many notifications are unread.

use super::{
    arrivals::Arrivals,
    row::{PAGE, unread},
};
use crate::{
    app::icons::Icon,
    identity::visitor::use_visitor,
    store::{LiveQuery, use_query},
};
use leptos::prelude::*;
use leptos_router::components::A;

/// More than this are not counted out on the bell; the page says how many.
const MOST: u64 = 99;

/// A link to the page, for those who are told of anything: who is signed in.
#[component]
pub(in crate::app) fn Bell() -> impl IntoView {
    use_visitor().is_signed_in().then(|| {
        let unread = use_query(unread());
        view! {
            <Suspense fallback=|| {
                view! { <BellLink count=Signal::stored(0) /> }
            }>
                {move || Suspend::new(async move {
                    let unread: LiveQuery<_> = unread.ready().await;
                    let count = Memo::new(move |_| unread.first().map_or(0, |unread| unread.count));
                    view! { <BellLink count=count.into() /> }
                })}
            </Suspense>
            <Arrivals />
        }
    })
}

#[component]
fn BellLink(count: Signal<u64>) -> impl IntoView {
    let label = move || match count.get() {
        0 => "Notifications".to_owned(),
        count => format!("Notifications, {count} unread"),
    };
    let shown = move || match count.get() {
        0 => String::new(),
        count if count > MOST => format!("{MOST}+"),
        count => count.to_string(),
    };
    view! {
        <A href=PAGE attr:class="icon-button bell" attr:aria-label=label attr:title=label>
            <Icon name="bell" />
            <span class="bell-count" aria-hidden="true">
                {shown}
            </span>
        </A>
    }
}
