//! An order's past: a slider over its versions, as the ledger has them. What it was then, what had changed, who did it; played until it
//! is live again, or two versions compared.
//!
//! Every version is known for good, so there is nothing beyond the record. The browser gets all versions at once: an order has few.

use super::rows::{Order as Row, OrderKey};
use crate::{
    app::{inventory::grouped, time::Timestamp, when::When},
    orders::Order,
    store::use_query,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// Most versions that are told; an order has ten at most.
#[cfg(feature = "ssr")]
const MOST: i64 = 200;
/// The parameter that says which version is shown.
const PARAMETER: &str = "version";
/// How long a version is shown while they are played, in milliseconds, and what that is called.
const SPEEDS: [(u64, &str); 3] = [(2_000, "slow"), (1_000, "normal"), (400, "fast")];
/// The speed at first.
const SPEED: u64 = 1_000;

/// An order after one of its events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// What it was.
    pub order: Order,
    /// When the event was.
    pub at: Timestamp,
    /// What was said with it.
    pub said: String,
}

/// All versions of an order, the first one first. None if there is no such order for whoever asks.
#[server(name = ReadVersions, prefix = "/api", endpoint = "order-history")]
pub async fn order_history(id: i64) -> Result<Vec<Version>, ServerFnError> {
    versions::read(id).await
}

#[cfg(feature = "ssr")]
mod versions {
    use super::{MOST, Order, Row, Timestamp, Version};
    use crate::{
        identity::visitor::principal_asking,
        ledger::{LedgerError, Until, read_stream},
        orders::{Actor, OrderEvent, stream},
        store::LiveRow,
    };
    use leptos::prelude::{ServerFnError, use_context};
    use sqlx::PgPool;

    pub(super) async fn read(id: i64) -> Result<Vec<Version>, ServerFnError> {
        let Some(principal) = principal_asking() else { return Ok(Vec::new()) };
        let pool = use_context::<PgPool>().ok_or_else(|| ServerFnError::new("there is no database"))?;
        let versions = of_order(&pool, id).await.map_err(|error| {
            tracing::warn!(%error, "the versions of an order cannot be read");
            ServerFnError::new("the database does not answer")
        })?;
        let listed = principal.tables.as_ref().is_none_or(|tables| tables.iter().any(|table| table == Row::TABLE));
        let actor = |last: &Version| last.order.actor(principal.role, principal.account);
        let may_see = listed && versions.last().is_some_and(|last| actor(last) != Actor::Stranger);
        Ok(if may_see { versions } else { Vec::new() })
    }

    async fn of_order(pool: &PgPool, id: i64) -> Result<Vec<Version>, LedgerError> {
        let mut transaction = pool.begin().await?;
        let events = read_stream(&mut transaction, &stream(id), 1, &Until::Latest, MOST).await?;
        transaction.commit().await?;
        let mut order = Order::default();
        events
            .iter()
            .map(|recorded| {
                let event: OrderEvent = recorded.decode()?;
                order.apply(&event, recorded.version, &recorded.at, &recorded.metadata.who_name);
                let at = Timestamp::parse(&recorded.at).unwrap_or(Timestamp(0));
                Ok(Version { order: order.clone(), at, said: event.said() })
            })
            .collect()
    }
}

/// The slider, with what belongs to it.
#[component]
pub(super) fn OrderHistory(
    /// Of which order.
    id: i64,
) -> impl IntoView {
    let row = use_query(Row::one(id)).row(OrderKey { id });
    let asked = use_query_map().with_untracked(|query| query.get_str(PARAMETER).and_then(|text| text.parse().ok()));
    let shown = RwSignal::new(asked.map(|version: usize| version.max(1)));
    let versions = Resource::new_blocking(|| (), move |()| order_history(id));
    // What has become of the order since: its row is live, and says so.
    let current = Memo::new(move |_| row.with(|row| row.version));
    Effect::new(move |before: Option<Option<i64>>| {
        let now = current.get();
        if before.flatten().is_some_and(|before| Some(before) != now) {
            versions.refetch();
        }
        now
    });
    view! {
        <section class="order-history" aria-label="The order’s past">
            <h3>"Go back in time"</h3>
            <Transition fallback=|| {
                view! { <p class="hint" role="status">"Loading the versions…"</p> }
            }>
                {move || Suspend::new(async move {
                    match versions.await {
                        Ok(versions) if !versions.is_empty() => view! { <Versions versions=versions.into() shown /> }.into_any(),
                        Ok(_) => view! { <p class="hint">"The ledger has nothing about this order."</p> }.into_any(),
                        Err(_) => view! { <p class="problem" role="alert">"The versions cannot be read. Reload the page in a moment."</p> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

/// `shown`: which version; none: the present one, whichever that is.
#[component]
fn Versions(versions: Arc<[Version]>, shown: RwSignal<Option<usize>>) -> impl IntoView {
    let count = versions.len();
    let versions = StoredValue::new(versions);
    let place = Signal::derive(move || shown.get().map_or(count, |version| version.min(count)));
    let is_live = Signal::derive(move || shown.with(Option::is_none));
    let at = move |place: usize| versions.with_value(|versions| versions[place - 1].clone());
    let go = move |to: usize| shown.set((to <= count).then_some(to.max(1)));
    let playing = RwSignal::new(false);
    let speed = RwSignal::new(SPEED);
    Effect::new(move |_| {
        if !playing.get() {
            return;
        }
        let step = move || {
            match shown.get_untracked() {
                Some(version) => go(version + 1),
                None => playing.set(false),
            }
            if shown.with_untracked(Option::is_none) {
                playing.set(false);
            }
        };
        let ticking = set_interval_with_handle(step, Duration::from_millis(speed.get()));
        on_cleanup(move || ticking.into_iter().for_each(|ticking| ticking.clear()));
    });
    let text = move || {
        if is_live.get() {
            return "Now, live".to_owned();
        }
        let Version { order, at, .. } = at(place.get());
        let state = order.state.map(|state| state.label()).unwrap_or_default();
        format!("Version {} of {count}: {state}, {}, by {}", order.version, at.to_the_second(), order.changed_by)
    };
    view! {
        <label class="slider scripted">
            <span class="slider-label">
                <span>"Version"</span>
                <output>{text}</output>
            </span>
            <input
                type="range"
                min="1"
                max=(count + 1).to_string()
                step="1"
                aria-label="Version"
                aria-valuetext=text
                prop:value=move || if is_live.get() { count + 1 } else { place.get() }.to_string()
                on:input=move |input| {
                    playing.set(false);
                    if let Ok(to) = event_target_value(&input).parse() {
                        go(to);
                    }
                }
            />
        </label>
        <div class="travel-buttons scripted">
            <button
                class="button"
                disabled=move || is_live.get()
                on:click=move |_| playing.update(|playing| *playing = !*playing)
            >
                {move || if playing.get() { "Pause" } else { "Play" }}
            </button>
            <label class="speed">
                <span class="unseen">"Speed"</span>
                <select on:change=move |change| speed.set(event_target_value(&change).parse().unwrap_or(SPEED))>
                    {SPEEDS
                        .map(|(millis, label)| {
                            view! {
                                <option value=millis.to_string() selected=millis == SPEED>
                                    {label}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
            </label>
            <button
                class="button"
                disabled=move || is_live.get()
                on:click=move |_| {
                    playing.set(false);
                    shown.set(None);
                }
            >
                "Live"
            </button>
        </div>
        {move || {
            let now = place.get();
            let link = |to: usize, label: &'static str| {
                view! {
                    <a class="button" href=format!("?{PARAMETER}={to}")>
                        {label}
                    </a>
                }
            };
            view! {
                <nav class="travel-buttons plain" aria-label="Versions of the order">
                    {(now > 1).then(|| link(now - 1, "Earlier version"))}
                    {(now < count).then(|| link(now + 1, "Later version"))}
                </nav>
            }
        }}
        {move || {
            let place = place.get();
            let before = (place > 1).then(|| at(place - 1));
            view! { <Told before version=at(place) /> }
        }}
        <Comparison versions count />
    }
}

/// A version in words: what it was, what had changed, who did it.
#[component]
fn Told(before: Option<Version>, version: Version) -> impl IntoView {
    let changes = differences(before.as_ref().map(|before| &before.order), &version.order);
    let Version { order, at, said } = version;
    let state = order.state.map(|state| (state.word(), state.label()));
    let total = order.total().map(|total| format!("{total} €")).unwrap_or_default();
    view! {
        <div class="order-then">
            <p>
                {state.map(|(word, label)| view! { <span class=format!("state-tag state-{word}")>{label}</span> })} " "
                <When at=Signal::stored(Some(at)) /> " by " <bdi>{order.changed_by.clone()}</bdi>
            </p>
            <p class="hint">
                {format!("{} pieces, {total}, for ", grouped(order.pieces()))} <bdi>{order.customer_name.clone()}</bdi>
            </p>
            {(!said.is_empty()).then(|| view! { <p class="entry-note" dir="auto">{said}</p> })}
            <Changes changes />
        </div>
    }
}

#[component]
fn Changes(changes: Vec<(&'static str, String, String)>) -> impl IntoView {
    view! {
        <dl class="order-changes">
            {changes
                .into_iter()
                .map(|(label, was, is)| {
                    let was = (!was.is_empty()).then(|| view! { <del>{was}</del> <span class="to">" → "</span> });
                    view! {
                        <div>
                            <dt>{label}</dt>
                            <dd>
                                {was}
                                <span>{if is.is_empty() { "none".to_owned() } else { is }}</span>
                            </dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
}

/// Two versions beside each other.
#[component]
fn Comparison(versions: StoredValue<Arc<[Version]>>, count: usize) -> impl IntoView {
    let ends = RwSignal::new((1, count));
    let choice = move |label: &'static str, of: fn(&mut (usize, usize)) -> &mut usize| {
        let options = (1..=count).map(move |version| {
            let state = versions.with_value(|versions| versions[version - 1].order.state).map(|state| state.label());
            let chosen = move || ends.with(|ends| *of(&mut ends.clone()) == version);
            view! {
                <option value=version.to_string() selected=chosen>
                    {format!("{version}: {}", state.unwrap_or_default())}
                </option>
            }
        });
        view! {
            <label>
                <span>{label}</span>
                <select on:change=move |change| {
                    if let Ok(version) = event_target_value(&change).parse::<usize>() {
                        ends.update(|ends| *of(ends) = version.clamp(1, count));
                    }
                }>{options.collect_view()}</select>
            </label>
        }
    };
    let changes = move || {
        let (from, to) = ends.get();
        versions.with_value(|versions| differences(Some(&versions[from - 1].order), &versions[to - 1].order))
    };
    (count > 1).then(|| {
        view! {
            <details class="order-compare scripted">
                <summary>"Compare two versions"</summary>
                <div class="moment-form">
                    {choice("From", |ends| &mut ends.0)} {choice("To", |ends| &mut ends.1)}
                </div>
                {move || {
                    let changes = changes();
                    if changes.is_empty() {
                        view! { <p class="hint">"Nothing differs between them."</p> }.into_any()
                    } else {
                        view! { <Changes changes /> }.into_any()
                    }
                }}
            </details>
        }
    })
}

/// In what two versions differ: what it is called, what it was, what it is. Of the first version, what it began with.
fn differences(before: Option<&Order>, after: &Order) -> Vec<(&'static str, String, String)> {
    let facts = |order: &Order| {
        [
            ("State", order.state.map(|state| state.label().to_owned()).unwrap_or_default()),
            ("Customer", order.customer_name.clone()),
            (
                "Products",
                order
                    .lines
                    .iter()
                    .map(|line| format!("{} × {}", line.quantity, line.name))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            ("Note", order.note.clone()),
            ("Carrier", order.carrier.clone().unwrap_or_default()),
            ("Tracking", order.tracking.clone().unwrap_or_default()),
        ]
    };
    let before = before.map_or_else(|| facts(&Order::default()), facts);
    let pairs = before.into_iter().zip(facts(after));
    pairs.filter(|((_, was), (_, is))| was != is).map(|((label, was), (_, is))| (label, was, is)).collect()
}

#[cfg(test)]
mod tests {
    use super::differences;
    use crate::orders::{Order, State};

    #[test]
    fn versions_differ_in_what_has_changed_and_the_first_in_all_that_it_has() {
        let placed = Order { state: Some(State::Placed), customer_name: "Cleo".to_owned(), ..Order::default() };
        let shipped = Order { state: Some(State::Shipped), carrier: Some("Post".to_owned()), ..placed.clone() };
        let labels =
            |before, after| differences(before, after).into_iter().map(|(label, ..)| label).collect::<Vec<_>>();
        assert_eq!(labels(None, &placed), ["State", "Customer"]);
        assert_eq!(
            differences(Some(&placed), &shipped),
            [("State", "Placed".to_owned(), "Shipped".to_owned()), ("Carrier", String::new(), "Post".to_owned())]
        );
        assert!(labels(Some(&shipped), &shipped).is_empty());
    }
}
