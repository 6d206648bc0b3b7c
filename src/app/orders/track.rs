//! How far an order has come: a track of six stations, and a word.

use crate::orders::State;
use leptos::prelude::*;

/// The way that an order goes if nothing ends it early.
pub(super) const WAY: [State; 6] =
    [State::Placed, State::Paid, State::Picked, State::Packed, State::Shipped, State::Delivered];

/// For a screen reader: `Packed, step 4 of 6`.
fn spoken(state: State) -> String {
    match WAY.iter().position(|station| *station == state) {
        Some(at) => format!("{}, step {} of {}", state.label(), at + 1, WAY.len()),
        None => state.label().to_owned(),
    }
}

/// Whether an order in this state has passed a station or is at it. Of one that ended early, only a look at its steps tells.
fn has_passed(state: State, station: State) -> bool {
    !state.is_final() && station <= state
}

/// In a list: a line of dashes, and the word beside it.
#[component]
pub(super) fn SmallTrack(state: Signal<State>) -> impl IntoView {
    let dashes = WAY.map(|station| view! { <i class:passed=move || has_passed(state.get(), station)></i> });
    view! {
        <span class=move || format!("small-track state-{}", state.get())>
            <span class="dashes" role="img" aria-label=move || spoken(state.get())>
                {dashes.into_iter().collect_view()}
            </span>
            <span class="state-word" aria-hidden="true">
                {move || state.get().label()}
            </span>
        </span>
    }
}

/// On the page of an order: the stations by name. `passed` are those that its steps tell of.
#[component]
pub(super) fn BigTrack(state: Signal<State>, passed: Signal<Vec<State>>) -> impl IntoView {
    let station = move |station: State| {
        let is_here = Memo::new(move |_| state.get() == station);
        let is_passed =
            Memo::new(move |_| has_passed(state.get(), station) || passed.with(|passed| passed.contains(&station)));
        view! {
            <li
                class="station"
                class:passed=is_passed
                class:here=is_here
                aria-current=move || is_here.get().then_some("step")
            >
                <span class="station-dot" aria-hidden="true"></span>
                <span class="station-name">{station.label()}</span>
                {move || (is_passed.get() && !is_here.get()).then(|| view! { <span class="unseen">" (done)"</span> })}
            </li>
        }
    };
    let end = move || {
        let state = state.get();
        state.is_final().then(|| {
            view! {
                <li class=format!("station here ended state-{state}") aria-current="step">
                    <span class="station-dot" aria-hidden="true"></span>
                    <span class="station-name">{state.label()}</span>
                </li>
            }
        })
    };
    view! {
        <ol class="big-track" class:over=move || state.get().is_final() aria-label="Progress">
            {WAY.map(station).into_iter().collect_view()}
            {end}
        </ol>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_is_filled_up_to_where_the_order_is() {
        let filled = |state| WAY.iter().filter(|station| has_passed(state, **station)).count();
        assert_eq!(WAY.map(filled), [1, 2, 3, 4, 5, 6]);
        assert_eq!([filled(State::Cancelled), filled(State::Returned)], [0, 0]);
        assert_eq!(spoken(State::Packed), "Packed, step 4 of 6");
        assert_eq!(spoken(State::Returned), "Returned");
    }
}
