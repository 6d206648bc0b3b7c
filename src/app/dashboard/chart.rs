//! Bars side by side. Whoever does not see them reads the same as a table.

use super::{
    bars::{Bar, HEIGHT, height, scale},
    known::UNKNOWN,
};
use leptos::prelude::*;

/// Width of a bar's place, in units of the drawing.
const PLACE: i64 = 10;
/// Of which so much is left free.
const GAP: i64 = 2;

/// A chart with its heading.
#[component]
pub(in crate::app) fn Chart(
    /// What is shown.
    title: &'static str,
    /// What one step is.
    step: &'static str,
    /// From the first step to the last.
    bars: Memo<Vec<Bar>>,
    /// Whether the amounts are those.
    is_known: Signal<bool>,
    /// An amount as people read it.
    words: fn(i64) -> String,
    /// The same where it need not be exact.
    about: fn(i64) -> String,
    /// What of all amounts stands above them: their sum, if nothing else is said.
    #[prop(default = sum as fn(&[Bar]) -> i64)]
    headline: fn(&[Bar]) -> i64,
) -> impl IntoView {
    let end = Memo::new(move |_| bars.with(|bars| scale(bars)));
    let total = Memo::new(move |_| bars.with(|bars| headline(bars)));
    let width = move || bars.with(|bars| bars.len() as i64 * PLACE);
    let name = |at: fn(&[Bar]) -> Option<&Bar>| {
        move || bars.with(|bars| at(bars).map(|bar| bar.name.clone()).unwrap_or_default())
    };
    let most = move || {
        let most = bars.with(|bars| bars.iter().max_by_key(|bar| bar.amount).cloned());
        most.filter(|most| most.amount > 0).map(|most| format!(", most at {}: {}", most.name, words(most.amount)))
    };
    let summary = move || match is_known.get() {
        true => format!("{title}: {}{}", words(total.get()), most().unwrap_or_default()),
        false => format!("{title}: not known"),
    };
    let about_all = move || if is_known.get() { about(total.get()) } else { UNKNOWN.to_owned() };
    // By its step, so that a bar grows where it stands, and moves on with the time.
    let newest_first = move || bars.get().into_iter().rev().collect::<Vec<_>>();
    let indexed =
        move || bars.get().into_iter().enumerate().map(|(place, bar)| (place as i64, bar)).collect::<Vec<_>>();
    view! {
        <section class="panel chart" aria-label=title>
            <h2>{title}</h2>
            <p class="chart-total">{about_all}</p>
            <svg
                class="bars"
                viewBox=move || format!("0 0 {} {HEIGHT}", width())
                preserveAspectRatio="none"
                role="img"
                aria-label=summary
            >
                <For
                    each=indexed
                    key=|(place, bar)| (*place, bar.step)
                    children=move |(place, bar)| {
                        let step = bar.step;
                        let now = Memo::new(move |_| {
                            bars.with(|bars| bars.iter().find(|bar| bar.step == step).map_or(0, |bar| bar.amount))
                        });
                        let high = move || height(now.get(), end.get());
                        view! {
                            <rect
                                x=place * PLACE + GAP / 2
                                width=PLACE - GAP
                                y=move || HEIGHT - high()
                                height=high
                            >
                                <title>{move || format!("{}: {}", bar.name, words(now.get()))}</title>
                            </rect>
                        }
                    }
                />
            </svg>
            <p class="chart-scale" aria-hidden="true">
                <span>{name(<[Bar]>::first)}</span>
                <span>{move || format!("up to {}", about(end.get()))}</span>
                <span>{name(<[Bar]>::last)}</span>
            </p>
            <details class="chart-table">
                <summary>"As a table"</summary>
                <div class="chart-rows" tabindex="0" role="group" aria-label=title>
                <table>
                    <caption class="unseen">{title}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{format!("{step} (UTC)")}</th>
                            <th scope="col">{title}</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=newest_first
                            key=|bar| (bar.step, bar.amount)
                            children=move |bar| {
                                view! {
                                    <tr>
                                        <th scope="row">{bar.name}</th>
                                        <td>{move || if is_known.get() { words(bar.amount) } else { UNKNOWN.to_owned() }}</td>
                                    </tr>
                                }
                            }
                        />
                    </tbody>
                </table>
                </div>
            </details>
        </section>
    }
}

fn sum(bars: &[Bar]) -> i64 {
    bars.iter().map(|bar| bar.amount).sum()
}
