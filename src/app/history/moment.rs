//! When the page is, what changed at that moment and who did it.

use super::{
    journey::Journey,
    parts::{Difference, Time},
};
use leptos::prelude::*;

/// Most rows that are listed.
const MOST: usize = 12;

/// The moment in words. Announced when it stands still.
#[component]
pub(super) fn MomentPanel() -> impl IntoView {
    let journey = expect_context::<Journey>();
    let status = move || if journey.busy.get() { "Looking it up…" } else { "" };
    view! {
        <section class="panel moment" aria-label="This moment" aria-busy=move || journey.busy.get().to_string()>
            <Told />
            <p class="hint" role="status">
                {status}
            </p>
        </section>
    }
}

#[component]
fn Told() -> impl IntoView {
    let journey = expect_context::<Journey>();
    let live = Memo::new(move |_| journey.is_live());
    move || {
        let heading = if live.get() { "Now, live" } else { "As it was" };
        let Some(moment) = journey.moment() else {
            let begin = journey.time().map(|at| at.to_the_second());
            return view! {
                <h2>{if live.get() { "Now, live" } else { "Where the record begins" }}</h2>
                <p class="when">{begin}</p>
                <p class="hint">"No change is known before this."</p>
            }
            .into_any();
        };
        let (at, author, count, partial) =
            (moment.stamp.at, moment.author().to_owned(), moment.count(), moment.partial);
        let direct = moment.who.is_none();
        let rest = count - moment.changes.len().min(MOST);
        let rest = (rest > 0 || partial).then(|| {
            let more = if partial { "at least " } else { "" };
            view! { <p class="hint">{format!("and {more}{rest} more products")}</p> }
        });
        view! {
            <h2>{heading}</h2>
            <p class="when">
                {if live.get() { "Last change: " } else { "" }} {at.to_the_second()} <span class="hint">" (" <Time at /> ")"</span>
            </p>
            <p class="author" class:direct=direct>
                <span class="unseen">"By "</span>
                <bdi>{author}</bdi>
            </p>
            <ul class="differences">
                {moment.changes.into_iter().take(MOST).map(|change| view! { <Difference change /> }).collect_view()}
            </ul>
            {rest}
        }
        .into_any()
    }
}
