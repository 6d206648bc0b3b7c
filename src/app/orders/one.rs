//! A single order: what it is made of, how far it has come, and what may be done with it.

use super::{
    history::{OrderHistory, Versions, order_history},
    notice::NoticeBanner,
    own::Problem,
    rows::{self, Order, OrderKey, OrderLine, OrderStep},
    steps::{HEADING, Steps},
    timeline::Timeline,
    track::BigTrack,
};
use crate::{
    app::{
        inventory::grouped,
        missing::{self, InPlace},
        not_found::NotFound,
        response::set_status,
        when::When,
    },
    identity::visitor::{Person, use_visitor},
    orders::{Actor, State},
    store::{LiveQuery, Phase, QueryError, RowSignal, use_query},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::A, hooks::use_params_map};

/// Status of a page whose rows could not be read.
const UNAVAILABLE: u16 = 503;

/// The page of the order that the address names. An order that is not for whoever asks is not there.
#[component]
pub(in crate::app) fn OrderPage() -> impl IntoView {
    let params = use_params_map();
    // Digits only, so that one order has one address.
    let id = Memo::new(move |_| {
        let id = params.with(|params| params.get_str("id")?.parse::<u32>().ok());
        id.filter(|id| params.with(|params| params.get_str("id") == Some(id.to_string().as_str()))).map(i64::from)
    });
    move || match id.get() {
        Some(id) => view! { <OrderRows id /> }.into_any(),
        None => view! { <NotFound /> }.into_any(),
    }
}

#[component]
fn OrderRows(id: i64) -> impl IntoView {
    let order = use_query(Order::one(id));
    let (lines, steps) = (use_query(OrderLine::of(id)), use_query(OrderStep::of(id)));
    let versions = Resource::new_blocking(|| (), move |()| order_history(id));
    let past = RwSignal::new(None);
    view! {
        <Suspense fallback=|| {
            view! { <p class="blank" role="status">"Loading the order…"</p> }
        }>
            {move || Suspend::new(async move {
                let (order, lines, steps) = (order.ready().await, lines.ready().await, steps.ready().await);
                past.set(Some(versions.await));
                view! { <Known parts=Parts { id, order, lines, steps, past } /> }
            })}
        </Suspense>
    }
}

/// An order with all that belongs to it.
#[derive(Clone, Copy)]
struct Parts {
    id: i64,
    order: LiveQuery<Order>,
    lines: LiveQuery<OrderLine>,
    steps: LiveQuery<OrderStep>,
    /// None until it is known, and again when the order is not to be seen any more.
    past: RwSignal<Option<Versions>>,
}

/// The order, once it is known whether there is one.
#[component]
fn Known(parts: Parts) -> impl IntoView {
    let order = parts.order;
    if let Some(error @ QueryError::Read(_)) = untrack(|| order.error())
        && !missing::is_denied(&error)
    {
        set_status(UNAVAILABLE);
    }
    #[derive(Clone, PartialEq)]
    enum Is {
        Unknown,
        Unreadable(String),
        There,
        Nowhere,
    }
    let row = order.row(OrderKey { id: parts.id });
    let me = StoredValue::new(use_visitor().person);
    let is = Memo::new(move |_| {
        if !order.is_empty() {
            // Whatever rows somebody may see: an order is for those who work here, and for whose it is.
            let actor = me.with_value(|me| actor_of(me, row));
            return if actor == Actor::Stranger { Is::Nowhere } else { Is::There };
        }
        match (order.error(), order.phase()) {
            (Some(error), _) if missing::is_denied(&error) => Is::Nowhere,
            (Some(error), _) => Is::Unreadable(error.to_string()),
            (None, Phase::Loading) => Is::Unknown,
            (None, _) => Is::Nowhere,
        }
    });
    // The past is for those who see all of an order. Who is shown less of it from now on is not shown what there was before,
    // and who is shown more of it again asks again.
    let sees_all = Memo::new(move |_| {
        let seen = (i32::try_from(parts.lines.len()).ok(), i64::try_from(parts.steps.len()).ok());
        seen == (row.with(|row| row.lines), row.with(|row| row.version))
    });
    Effect::new(move |saw: Option<bool>| {
        let sees = sees_all.get();
        if saw.is_some_and(|saw| saw != sees) {
            parts.past.set(None);
        }
        sees
    });
    move || match is.get() {
        Is::There => view! { <OrderView parts /> }.into_any(),
        Is::Nowhere => view! { <NotFound /> }.into_any(),
        Is::Unknown => view! { <p class="blank" role="status">"Loading the order…"</p> }.into_any(),
        Is::Unreadable(message) => view! {
            <div class="page">
                <Problem message />
            </div>
        }
        .into_any(),
    }
}

/// Who somebody is to an order. Tracked.
fn actor_of(person: &Person, row: RowSignal<Order>) -> Actor {
    let account = person.id.as_ref().and_then(|id| id.parse().ok());
    Actor::of(person.role, account, row.with(|row| row.customer).flatten())
}

#[component]
fn OrderView(parts: Parts) -> impl IntoView {
    let Parts { id, order, lines, steps, past } = parts;
    let row = order.row(OrderKey { id });
    let state =
        Memo::new(move |before: Option<&State>| row.with(|row| row.state).or(before.copied()).unwrap_or(State::Placed));
    let passed = Memo::new(move |_| steps.rows().into_iter().map(|step| step.state).collect::<Vec<_>>());
    let actor = untrack(|| actor_of(&use_visitor().person, row));
    let customer = (actor == Actor::Staff).then(|| {
        view! {
            <span>
                "for " <bdi>{move || row.with(|row| row.customer_name.clone())}</bdi>
            </span>
        }
    });
    let note = move || {
        let note = row.with(|row| row.note.clone()).filter(|note| !note.is_empty())?;
        Some(view! {
            <p class="order-note" dir="auto">
                <span class="unseen">"Note: "</span>
                {note}
            </p>
        })
    };
    // Said when it changes, not when the page is opened.
    let said = RwSignal::new(String::new());
    Effect::new(move |before: Option<State>| {
        let now = state.get();
        if before.is_some_and(|before| before != now) {
            said.set(format!("Order {id} is {now} now"));
        }
        now
    });
    view! {
        <Title text=format!("Order {id} · Rowcast") />
        <div class="page order-page">
            <p class="way-back">
                <A href=rows::PAGE>{if actor == Actor::Staff { "All orders" } else { "Your orders" }}</A>
            </p>
            <NoticeBanner actor />
            <div class="heading">
                <h1 id=HEADING tabindex="-1">
                    {format!("Order {id}")}
                </h1>
                <p class=move || format!("state-tag state-{}", state.get())>{move || state.get().label()}</p>
                <p class="order-about">
                    {customer}
                    <span>
                        "placed " <When at=Signal::derive(move || row.with(|row| row.placed_at)) />
                    </span>
                    <span>{move || row.with(Order::size)}</span>
                </p>
            </div>
            <p class="unseen" role="status">
                {said}
            </p>
            <BigTrack state=state.into() passed=passed.into() />
            <Steps order row actor />
            <div class="order-parts">
                <section class="panel" aria-label="What was ordered">
                    <h2>"What was ordered"</h2>
                    {note}
                    <InPlace query=lines what="The lines of this order" />
                    <Lines lines row />
                </section>
                <section class="panel" aria-label="What has become of it">
                    <h2>"What has become of it"</h2>
                    <InPlace query=steps what="The steps of this order" />
                    <Timeline steps />
                    <OrderHistory id past />
                </section>
            </div>
        </div>
    }
}

#[component]
fn Lines(lines: LiveQuery<OrderLine>, row: RowSignal<Order>) -> impl IntoView {
    view! {
        <table class="order-lines">
            <thead>
                <tr>
                    <th scope="col">"Product"</th>
                    <th scope="col" class="number">
                        "Pieces"
                    </th>
                    <th scope="col" class="number each">
                        "Each, €"
                    </th>
                    <th scope="col" class="number">
                        "Sum, €"
                    </th>
                </tr>
            </thead>
            <tbody>
                {move || {
                    lines
                        .rows()
                        .into_iter()
                        .map(|line| {
                            let sum = line.sum().to_string();
                            view! {
                                <tr>
                                    <th scope="row">
                                        <span dir="auto">{line.name}</span>
                                        <span class="code">{line.sku}</span>
                                    </th>
                                    <td class="number">{grouped(line.quantity.into())}</td>
                                    <td class="number each">{line.price.to_string()}</td>
                                    <td class="number">{sum}</td>
                                </tr>
                            }
                        })
                        .collect_view()
                }}
            </tbody>
            <tfoot>
                <tr>
                    <th scope="row" colspan="2">
                        "Total"
                    </th>
                    <td class="number" colspan="2">
                        {move || row.with(|row| row.total.to_string())}
                        " €"
                    </td>
                </tr>
            </tfoot>
        </table>
    }
}
