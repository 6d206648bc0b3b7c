//! How the connection is doing, in figures: opens from the badge. Nothing is measured while nobody looks.

use super::{clock::use_clock, inventory::grouped};
use crate::store::{Rate, Status, Traffic, use_connection};
use leptos::{html, prelude::*, web_sys::js_sys::Date};

/// The popover's id, for the button that opens it.
pub(super) const PANEL: &str = "connection";
/// Characters at the end of a position that tell it from others.
const TAIL: usize = 24;

/// What is known at a moment.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    at_ms: i64,
    traffic: Traffic,
    rate: Option<Rate>,
    subscriptions: usize,
    position: Option<String>,
}

/// A popover of the browser's own: Escape and a click elsewhere close it.
#[component]
pub(super) fn ConnectionPanel() -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let panel = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    let sample = RwSignal::new(None::<Sample>);
    let toggled = move |_| {
        let is_open = panel.get_untracked().is_some_and(|panel| panel.matches(":popover-open").unwrap_or_default());
        sample.set(None);
        open.set(is_open);
    };
    Effect::new({
        let connection = connection.clone();
        move || {
            // Once a second, and at once.
            if clock.fine().is_none() || !open.get() {
                return;
            }
            // Not the clock's last tick, which is up to a second ago.
            let at_ms = Date::now() as i64;
            let traffic = connection.traffic();
            let rate = sample.with_untracked(|before| {
                let before = before.as_ref()?;
                traffic.since(&before.traffic, (at_ms - before.at_ms) as f64 / 1_000.0)
            });
            let (subscriptions, position) = (connection.subscriptions(), connection.position());
            sample.set(Some(Sample { at_ms, traffic, rate, subscriptions, position }));
            if untrack(|| connection.status()) == Status::Live {
                connection.ping();
            }
        }
    });
    let figure =
        move |read: fn(&Sample) -> String| sample.with(|sample| sample.as_ref().map_or_else(|| "…".to_owned(), read));
    let position = move || sample.with(|sample| sample.as_ref().and_then(|sample| sample.position.clone()));
    view! {
        <div id=PANEL class="connection-panel" role="dialog" aria-label="Connection" popover="auto" node_ref=panel on:toggle=toggled>
            <h2>"Connection"</h2>
            <dl>
                <Figure name="Round trip" value=Signal::derive(move || figure(round_trip)) />
                <Figure name="Messages" value=Signal::derive(move || figure(messages)) />
                <Figure name="Data" value=Signal::derive(move || figure(data)) />
                <Figure name="Subscriptions" value=Signal::derive(move || figure(|sample| sample.subscriptions.to_string())) />
                <div>
                    <dt>"Position"</dt>
                    <dd title=position>
                        <code>{move || position().as_deref().map_or_else(|| "none yet".to_owned(), tail)}</code>
                    </dd>
                </div>
            </dl>
            <p class="hint">"The position says which transactions are in what this page shows; from there it goes on after a break."</p>
        </div>
    }
}

#[component]
fn Figure(name: &'static str, value: Signal<String>) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

fn round_trip(sample: &Sample) -> String {
    match sample.traffic.round_trip_ms {
        None => "not measured yet".to_owned(),
        Some(took) if took < 1.0 => "below 1 ms".to_owned(),
        Some(took) => format!("{took:.0} ms"),
    }
}

fn messages(sample: &Sample) -> String {
    let all = grouped(i64::try_from(sample.traffic.frames).unwrap_or(i64::MAX));
    match sample.rate {
        None => format!("{all} so far"),
        Some(rate) => format!("{:.0} a second, {all} so far", rate.frames),
    }
}

fn data(sample: &Sample) -> String {
    let all = size(sample.traffic.bytes as f64);
    match sample.rate {
        None => format!("{all} so far"),
        Some(rate) => format!("{} a second, {all} so far", size(rate.bytes)),
    }
}

/// Bytes as people read them.
fn size(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1_000.0 => format!("{bytes:.0} B"),
        bytes if bytes < 1_000_000.0 => format!("{:.1} kB", bytes / 1_000.0),
        bytes => format!("{:.1} MB", bytes / 1_000_000.0),
    }
}

/// The end, which is what moves.
fn tail(position: &str) -> String {
    let skipped = position.chars().count().saturating_sub(TAIL);
    if skipped == 0 {
        position.to_owned()
    } else {
        format!("…{}", position.chars().skip(skipped).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(traffic: Traffic, rate: Option<Rate>) -> Sample {
        Sample { at_ms: 0, traffic, rate, subscriptions: 2, position: None }
    }

    #[test]
    fn figures_are_told_with_their_units() {
        let traffic = Traffic { frames: 1_234, bytes: 2_500_000, round_trip_ms: Some(0.4) };
        let first = sample(traffic, None);
        assert_eq!([messages(&first), data(&first)], ["1,234 so far", "2.5 MB so far"]);
        let later = sample(traffic, Some(Rate { frames: 12.4, bytes: 999.0 }));
        assert_eq!([messages(&later), data(&later)], ["12 a second, 1,234 so far", "999 B a second, 2.5 MB so far"]);
        assert_eq!(round_trip(&later), "below 1 ms");
        assert_eq!(round_trip(&sample(Traffic { round_trip_ms: Some(17.6), ..traffic }, None)), "18 ms");
        assert_eq!(round_trip(&sample(Traffic::default(), None)), "not measured yet");
    }

    #[test]
    fn of_a_position_the_end_shows() {
        assert_eq!(tail("a.12"), "a.12");
        assert_eq!(tail(&format!("{}é1", "x".repeat(100))), format!("…{}é1", "x".repeat(TAIL - 2)));
    }
}
