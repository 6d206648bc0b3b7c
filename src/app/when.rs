//! A point in time as a page shows it: relative to now, the exact one on hover and for machines.

use super::{clock::use_clock, time::Timestamp};
use leptos::prelude::*;

/// The exact time until the page is mounted, for the server does not know what time it is for whoever reads.
#[component]
pub(super) fn When(at: Signal<Option<Timestamp>>) -> impl IntoView {
    let clock = use_clock();
    let shown = move || {
        let at = at.get()?;
        Some(clock.coarse().map_or_else(|| at.to_the_minute(), |now| at.relative(now)))
    };
    let exact = move |exact: fn(Timestamp) -> String| at.get().map(exact);
    view! {
        <time datetime=move || exact(Timestamp::iso) title=move || exact(Timestamp::to_the_second)>
            {shown}
        </time>
    }
}
