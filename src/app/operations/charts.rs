//! What went through a server in the last minutes, drawn, and as tables.

use super::{
    desk::Desk,
    servers::short,
    words::{bytes, duration, rate},
};
use crate::{
    app::{
        dashboard::{Bar, Chart},
        time::Timestamp,
    },
    operations::report::{STEP_SECONDS, STEPS, Step},
};
use leptos::prelude::*;

#[component]
pub(super) fn Charts(desk: Desk) -> impl IntoView {
    let steps = Memo::new(move |_| padded(desk.drawn().map(|server| server.steps).unwrap_or_default()));
    let bars = move |amount: fn(&Step) -> u64| {
        Memo::new(move |_| {
            let bar = |step: &Step| Bar {
                step: step.at,
                name: time_of_day(step.at),
                amount: i64::try_from(amount(step)).unwrap_or(i64::MAX),
            };
            steps.with(|steps| steps.iter().map(bar).collect::<Vec<_>>())
        })
    };
    let is_known = Signal::derive(move || steps.with(|steps| !steps.is_empty()));
    view! {
        <Choice desk />
        {move || {
            (!is_known.get())
                .then(|| view! { <p class="hint">{format!("The first drawing takes {STEP_SECONDS} seconds.")}</p> })
        }}
        <div class="operations-charts">
            <Chart
                title="Changes a second"
                step="From"
                bars=bars(|step| step.paced(step.changes))
                is_known
                words=|amount| format!("{} a second", rate(amount))
                about=rate
                headline=last
            />
            <Chart
                title="Frames a second"
                step="From"
                bars=bars(|step| step.paced(step.frames))
                is_known
                words=|amount| format!("{} a second", rate(amount))
                about=rate
                headline=last
            />
            <Chart
                title="Bytes a second"
                step="From"
                bars=bars(|step| step.paced(step.bytes))
                is_known
                words=|amount| format!("{} a second", size(amount))
                about=size
                headline=last
            />
            <Chart
                title="Time to deliver a change"
                step="From"
                bars=bars(|step| step.nearly_all.unwrap_or(0))
                is_known
                words=|millis| if millis == 0 { delay(0) } else { format!("95 of 100 within {}", delay(millis)) }
                about=delay
                headline=last_of_any
            />
        </div>
        <p class="hint">
            "The time to deliver is what 95 of 100 deliveries took at most, each from the newest change in it, by the database’s clock, until its last frame was with the network: commit to delivery takes no longer. Changes are those that the server read, also when nobody looks at their table."
        </p>
    }
}

/// Which server, if there are several. Without JavaScript there is one.
#[component]
fn Choice(desk: Desk) -> impl IntoView {
    let nodes = Memo::new(move |_| desk.servers.with(|servers| servers.keys().cloned().collect::<Vec<_>>()));
    let is_drawn = move |node: &str| desk.drawn().is_some_and(|server| server.node == node);
    move || {
        let nodes = nodes.get();
        (nodes.len() > 1).then(|| {
            let buttons = nodes.into_iter().map(|node| {
                let (name, own) = (short(&node), node.clone());
                let pressed = move || is_drawn(&own).to_string();
                view! {
                    <button
                        type="button"
                        class="button"
                        aria-pressed=pressed
                        on:click=move |_| desk.shown.set(Some(node.clone()))
                    >
                        {name}
                    </button>
                }
            });
            view! {
                <div class="operations-choice" role="group" aria-label="Which server is drawn">
                    {buttons.collect_view()}
                </div>
            }
        })
    }
}

/// Steps that have not been yet are empty, so that a step is as wide in the first minute as later.
fn padded(steps: Vec<Step>) -> Vec<Step> {
    let Some(first) = steps.first().map(|step| step.at) else { return steps };
    let missing = STEPS.saturating_sub(steps.len()) as i64;
    let before = (1..=missing).rev().map(|back| Step { at: first - back * STEP_SECONDS as i64, ..Step::default() });
    before.chain(steps).collect()
}

fn time_of_day(at: i64) -> String {
    Timestamp(at * 1_000_000).iso().get(11..19).unwrap_or_default().to_owned()
}

fn size(in_step: i64) -> String {
    bytes(u64::try_from(in_step).unwrap_or(0) / STEP_SECONDS)
}

fn delay(millis: i64) -> String {
    match millis {
        0 => "–".to_owned(),
        10_000.. => "more than 5 s".to_owned(),
        millis => duration(u64::try_from(millis).unwrap_or(0)),
    }
}

fn last(bars: &[Bar]) -> i64 {
    bars.last().map_or(0, |bar| bar.amount)
}

fn last_of_any(bars: &[Bar]) -> i64 {
    bars.iter().rev().map(|bar| bar.amount).find(|amount| *amount > 0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_server_has_as_many_steps_as_an_old_one_and_one_without_any_has_none() {
        let step = |at| Step { at, changes: 7, ..Step::default() };
        let steps = padded(vec![step(1_000), step(1_005)]);
        assert_eq!((steps.len(), steps[STEPS - 2], steps[STEPS - 1]), (STEPS, step(1_000), step(1_005)));
        assert_eq!((steps[STEPS - 3].at, steps[STEPS - 3].changes), (995, 0));
        assert!(padded(Vec::new()).is_empty());
    }

    #[test]
    fn delays_are_told_as_far_as_they_are_measured() {
        assert_eq!([0, 20, 10_000].map(delay), ["–", "20 ms", "more than 5 s"]);
    }
}
