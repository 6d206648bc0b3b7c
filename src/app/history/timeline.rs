//! The moments around the one that is shown, as a list of links.

use super::{journey::Journey, model::Moment, parts::Time};
use leptos::prelude::*;

/// How many are listed before and after the one that is shown.
const AROUND: usize = 6;

/// The list, the latest first.
#[component]
pub(super) fn Timeline() -> impl IntoView {
    let journey = expect_context::<Journey>();
    let shown = Memo::new(move |_| {
        let stop = journey.stop.get();
        journey.moments.with(|moments| {
            let place = stop.min(moments.len());
            let until = (place + AROUND).min(moments.len());
            let from = until.saturating_sub(2 * AROUND + 1);
            (from..until).rev().map(|at| (at + 1, moments[at].clone())).collect::<Vec<_>>()
        })
    });
    let list = move || {
        let shown = shown.get();
        if shown.is_empty() {
            return view! { <p class="hint">"Nothing has changed since the record began."</p> }.into_any();
        }
        view! {
            <ol class="moments" reversed>
                {shown.into_iter().map(|(stop, moment)| view! { <Entry stop moment /> }).collect_view()}
            </ol>
        }
        .into_any()
    };
    view! {
        <nav class="panel around" aria-label="Moments around this one">
            <h2>"Moments"</h2>
            {list}
        </nav>
    }
}

#[component]
fn Entry(stop: usize, moment: Moment) -> impl IntoView {
    let journey = expect_context::<Journey>();
    let here = move || (journey.stop.get() == stop).then_some("step");
    let (at, author, summary) = (moment.stamp.at, moment.author().to_owned(), moment.summary());
    view! {
        <li>
            <a
                href=journey.scope.at(moment.stamp)
                rel="external"
                aria-current=here
                on:click=move |click| {
                    if !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key()) {
                        click.prevent_default();
                        journey.playing.set(None);
                        journey.go_to(stop);
                    }
                }
            >
                <span class="summary" dir="auto">
                    {summary}
                </span>
                <span class="by">
                    <bdi>{author}</bdi>
                    ", "
                    <Time at />
                </span>
            </a>
        </li>
    }
}
