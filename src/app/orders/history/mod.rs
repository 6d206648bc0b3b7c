//! An order's past: a slider over its versions, as the ledger has them. What it was then, what had changed, who did it; played until it
//! is live again, or two versions compared.
//!
//! | file | what it is |
//! |---|---|
//! | `slider` | which version is shown, moved by hand, by links, or played |
//! | `told` | a version in words |
//! | `compare` | in what two versions differ |
//! | `read` | all versions of an order, from the ledger |
//!
//! Every version is known for good, so there is nothing beyond the record. The browser gets all versions at once: an order has few.

mod compare;
#[cfg(feature = "ssr")]
mod read;
mod slider;
mod told;

use super::rows::{Order as Row, OrderKey};
use crate::app::query_map::use_query_map;
use crate::{app::time::Timestamp, orders::Order, store::use_query};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};
use slider::{PARAMETER, Slider};

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

/// What is known of an order's past.
pub(super) type Versions = Result<Vec<Version>, ServerFnError>;

/// All versions of an order, the first one first. None if there is no such order for whoever asks.
#[server(name = ReadVersions, prefix = "/api", endpoint = "order-history")]
pub async fn order_history(id: i64) -> Result<Vec<Version>, ServerFnError> {
    read::of_order(id).await
}

/// The slider, with what belongs to it.
#[component]
pub(super) fn OrderHistory(
    /// Of which order.
    id: i64,
    /// What is known of it. None if it is yet to be read.
    past: RwSignal<Option<Versions>>,
) -> impl IntoView {
    let row = use_query(Row::one(id)).row(OrderKey { id });
    let asked = use_query_map().with_untracked(|query| query.get_str(PARAMETER).and_then(|text| text.parse().ok()));
    let shown = RwSignal::new(asked.map(|version: usize| version.max(1)));
    // What has become of the order since: its row is live, and says so.
    let current = Memo::new(move |_| row.with(|row| row.version));
    let asked = StoredValue::new(0_u32);
    Effect::new(move |before: Option<Option<i64>>| {
        let now = current.get();
        let has_changed = before.flatten().is_some_and(|before| Some(before) != now);
        if past.with(Option::is_none) || has_changed {
            let number = asked.get_value() + 1;
            asked.set_value(number);
            spawn_local(async move {
                let read = order_history(id).await;
                // The page may have been left, or a later question may have been answered first.
                if asked.try_get_value() == Some(number) {
                    past.set(Some(read));
                }
            });
        }
        now
    });
    view! {
        <section class="order-history" aria-label="The order’s past">
            <h3>"Go back in time"</h3>
            {move || match past.get() {
                None => view! { <p class="hint" role="status">"Loading the versions…"</p> }.into_any(),
                Some(Ok(versions)) if !versions.is_empty() => view! { <Slider versions=versions.into() shown /> }.into_any(),
                Some(Ok(_)) => view! { <p class="hint">"The ledger has nothing about this order."</p> }.into_any(),
                Some(Err(_)) => view! { <p class="problem" role="alert">"The versions cannot be read. Reload the page in a moment."</p> }.into_any(),
            }}
        </section>
    }
}
