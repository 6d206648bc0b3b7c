//! The page of notifications, newest first.

use super::{
    actions::{MarkAllRead, Refusal},
    item::Item,
    reading::Reading,
    row::{Notification, PAGE, unread},
};
use crate::app::query_map::use_query_map;
use crate::{
    app::response::set_status,
    identity::{paths, visitor::use_visitor},
    store::{Phase, QueryError, use_query},
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::components::A;

/// How many are shown at first, and how many more each time.
const STEP: u32 = 30;
/// Most rows of a live window.
const MOST: u32 = 990;
/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// How many are shown: what the address says, in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    rows: u32,
}

impl Listing {
    const ROWS: &'static str = "rows";
    const REFUSED: &'static str = "refused";

    /// The next step at or above `rows`.
    pub(super) fn of(rows: u32) -> Self {
        Self { rows: rows.clamp(STEP, MOST).div_ceil(STEP) * STEP }
    }

    fn more(self) -> Option<Self> {
        (self.rows < MOST).then(|| Self::of(self.rows + STEP))
    }

    /// The page that shows so many, and perhaps why something was not done.
    pub(super) fn address(self, refused: Option<Refusal>) -> String {
        let rows = (self.rows > STEP).then(|| format!("{}={}", Self::ROWS, self.rows));
        let refused = refused.map(|refusal| format!("{}={}", Self::REFUSED, refusal.word()));
        let query: Vec<_> = rows.into_iter().chain(refused).collect();
        if query.is_empty() { PAGE.to_owned() } else { format!("{PAGE}?{}", query.join("&")) }
    }
}

/// For those who are signed in: a list. For the others: a way to it.
#[component]
pub(in crate::app) fn NotificationsPage() -> impl IntoView {
    let body =
        if use_visitor().is_signed_in() { view! { <Own /> }.into_any() } else { view! { <Nobody /> }.into_any() };
    view! {
        <Title text="Notifications · Rowcast" />
        <div class="page notifications">{body}</div>
    }
}

#[component]
fn Nobody() -> impl IntoView {
    view! {
        <section class="blank">
            <h1>"Notifications"</h1>
            <p>"Who is signed in is told here when something happens that concerns them."</p>
            <a class="button" href=paths::sign_in(PAGE) rel="external">
                "Sign in"
            </a>
        </section>
    }
}

#[component]
fn Own() -> impl IntoView {
    let query = use_query_map();
    let listing = Memo::new(move |_| {
        let rows = query.with(|query| query.get_str(Listing::ROWS).and_then(|rows| rows.parse().ok()));
        Listing::of(rows.unwrap_or_default())
    });
    let list = use_query(move || Notification::newest(listing.get().rows));
    let unread = use_query(unread());
    let refused = query.with_untracked(|query| query.get_str(Listing::REFUSED).and_then(Refusal::of));
    if let Some(refusal) = refused {
        set_status(refusal.status());
    }
    let refused = refused.map(|refusal| {
        view! {
            <div class="notice refused" role="alert">
                <p>{refusal.message()}</p>
            </div>
        }
    });
    view! {
        {refused}
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the notifications…"</p> }
        }>
            {move || Suspend::new(async move {
                let reading = Reading::new(list.ready().await, unread.ready().await);
                view! { <List reading listing /> }
            })}
        </Suspense>
    }
}

#[component]
fn List(reading: Reading, listing: Memo<Listing>) -> impl IntoView {
    let Reading { list, unread, .. } = reading;
    provide_context(reading);
    if let Some(QueryError::Read(_)) = untrack(|| list.error()) {
        set_status(UNAVAILABLE);
    }
    let count = Memo::new(move |_| unread.first().map_or(0, |unread| unread.count));
    let words = move || match count.get() {
        0 => "All read".to_owned(),
        count => format!("{count} unread"),
    };
    let mark_all = move |submit: SubmitEvent| {
        submit.prevent_default();
        reading.all();
    };
    let all = move || {
        (count.get() > 0).then(|| {
            view! {
                <form method="post" action=MarkAllRead::PATH on:submit=mark_all>
                    <input type="hidden" name="shown" value=move || reading.shown_unread().to_string() />
                    <input type="hidden" name="before" value=move || reading.before().to_string() />
                    <input type="hidden" name="rows" value=move || listing.get().rows.to_string() />
                    <button class="button">"Mark all as read"</button>
                </form>
            }
        })
    };
    let problem = move || {
        list.error().map(|error| {
            view! {
                <div class="notice refused" role="alert">
                    <p>
                        <strong>"The notifications cannot be shown."</strong>
                        " "
                        {error.to_string()}
                        "."
                    </p>
                </div>
            }
        })
    };
    let empty = Memo::new(move |_| list.is_empty() && list.phase() != Phase::Loading && list.error().is_none());
    let more = move || {
        let more = listing.get().more().filter(|_| list.len() >= listing.get().rows as usize)?;
        Some(view! {
            <a href=more.address(None) class="button more" data-noscroll>
                "Show older ones"
            </a>
        })
    };
    view! {
        <div class="heading">
            <h1>"Notifications"</h1>
            <p class="count">{words}</p>
            {all}
        </div>
        {problem}
        {move || empty.get().then(|| view! { <Empty /> })}
        <ul class="notification-list" aria-label="Notifications">
            <For each=move || list.keys() key=|key| key.id let:key>
                <Item key />
            </For>
        </ul>
        {more}
    }
}

#[component]
fn Empty() -> impl IntoView {
    let advice = if use_visitor().person.works_here() {
        "You are told here when an order is placed, and when a customer cancels one."
    } else {
        "You are told here whenever one of your orders moves on."
    };
    view! {
        <section class="blank">
            <h2>"Nothing has happened yet"</h2>
            <p>{advice}</p>
            <A href="/orders" attr:class="button">
                "Go to the orders"
            </A>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_what_is_not_usual_and_never_more_than_a_window_holds() {
        assert_eq!(Listing::of(0).address(None), "/notifications");
        assert_eq!(Listing::of(31).address(Some(Refusal::Unavailable)), "/notifications?rows=60&refused=unavailable");
        assert_eq!(Listing::of(u32::MAX).rows, MOST);
        assert_eq!(Listing::of(MOST).more(), None);
    }
}
