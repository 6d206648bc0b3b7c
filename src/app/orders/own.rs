//! A customer's own orders, newest first, each with how far it has come.

use super::{
    notice::NoticeBanner,
    rows::{NEW, Order, OrderKey, PAGE, address},
    track::SmallTrack,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{icons::Icon, inventory::grouped, response::set_status, when::When},
    identity::visitor::use_visitor,
    orders::{Actor, State},
    store::{Count, LiveQuery, Phase, Query, QueryError, use_query},
};
use leptos::{html, prelude::*};
use leptos_router::components::A;

/// How many are shown at first, and how many more each time.
const STEP: u32 = 20;
/// Most rows of a live window, in steps.
const MOST: u32 = 1_000;
/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;
/// The parameter of the address that says how many are shown.
const ROWS: &str = "rows";
/// No account has this number.
const NOBODY: i64 = 0;

/// The orders of an account, however many others whoever asks may see. Who has no account has none.
fn of(account: Option<i64>) -> Query<Order> {
    Query::all().filter("customer = $1", (account.unwrap_or(NOBODY),))
}

/// The list.
#[component]
pub(super) fn OwnOrders() -> impl IntoView {
    let query = use_query_map();
    let rows = Memo::new(move |_| {
        let rows = query.with(|query| query.get_str(ROWS).and_then(|rows| rows.parse::<u32>().ok()));
        rows.unwrap_or(STEP).clamp(STEP, MOST).div_ceil(STEP) * STEP
    });
    let account = use_visitor().person.id.and_then(|id| id.parse().ok());
    let orders = use_query(move || of(account).descending("id").limit(rows.get()));
    let count = use_query(of(account).totals());
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading your orders…"</p> }
        }>
            {move || Suspend::new(async move {
                let (orders, count) = (orders.ready().await, count.ready().await);
                view! { <List orders count rows /> }
            })}
        </Suspense>
    }
}

#[component]
fn List(orders: LiveQuery<Order>, count: LiveQuery<Count<Order>>, rows: Memo<u32>) -> impl IntoView {
    if let Some(QueryError::Read(_)) = untrack(|| orders.error()) {
        set_status(UNAVAILABLE);
    }
    let count = Memo::new(move |_| count.first().map_or(0, |row| row.count));
    let words = move || match count.get() {
        0 => String::new(),
        1 => "1 order".to_owned(),
        count => format!("{} orders", grouped(count as i64)),
    };
    let empty = Memo::new(move |_| orders.is_empty() && orders.phase() != Phase::Loading && orders.error().is_none());
    let problem = move || orders.error().map(|error| view! { <Problem message=error.to_string() /> });
    let more = move || {
        let left = count.get().saturating_sub(orders.len() as u64);
        (left > 0 && rows.get() < MOST).then(|| {
            view! {
                <a href=format!("{PAGE}?{ROWS}={}", rows.get() + STEP) class="button more" data-noscroll>
                    {format!("Show older ones, {} more", grouped(left as i64))}
                </a>
            }
        })
    };
    view! {
        <div class="heading">
            <h1>"Your orders"</h1>
            <p class="count">{words}</p>
            <A href=NEW attr:class="button primary">
                <Icon name="plus" />
                "New order"
            </A>
        </div>
        <NoticeBanner actor=Actor::Owner />
        {problem}
        {move || empty.get().then(|| view! { <Empty /> })}
        <ul class="order-list" aria-label="Your orders">
            <For each=move || orders.keys() key=|key| key.id let:key>
                <Row key orders />
            </For>
        </ul>
        {more}
    }
}

/// The rows cannot be read, or are not live any more.
#[component]
pub(super) fn Problem(message: String) -> impl IntoView {
    view! {
        <div class="notice refused" role="alert">
            <p>
                <strong>"The orders cannot be shown as they are now."</strong>
                " "
                {message}
                "."
            </p>
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <section class="blank">
            <h2>"You have not ordered anything yet"</h2>
            <p>"Choose from what is in stock right now. Here you then see your order move, from the shelf to your door."</p>
            <A href=NEW attr:class="button primary">
                "Place an order"
            </A>
        </section>
    }
}

#[component]
fn Row(key: OrderKey, orders: LiveQuery<Order>) -> impl IntoView {
    let row = orders.row(key);
    let read = move |look: fn(&Order) -> String| row.with(look).unwrap_or_default();
    let state = Signal::derive(move || row.with(|row| row.state).unwrap_or(State::Placed));
    let element = NodeRef::<html::Li>::new();
    Effect::new(move |before: Option<State>| {
        let now = state.get();
        if let Some(element) = element.get().filter(|_| before.is_some_and(|before| before != now)) {
            crate::app::glow::glow(&element);
        }
        now
    });
    view! {
        <li class="order-row" node_ref=element>
            <A href=address(key.id) attr:class="order-number">
                {format!("Order {}", key.id)}
            </A>
            <SmallTrack state />
            <span class="order-size">{move || read(Order::size)}</span>
            <span class="order-when">
                "placed " <When at=Signal::derive(move || row.with(|row| row.placed_at)) />
            </span>
            <span class="order-sum">{move || read(|row| row.total.to_string())} " €"</span>
        </li>
    }
}
