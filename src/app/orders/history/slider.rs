//! Which version of an order is shown: moved by hand, by links where there is no JavaScript, or played.

use super::{Version, compare::Comparison, told::Told};
use crate::app::speed::SpeedChoice;
use leptos::prelude::*;
use std::{sync::Arc, time::Duration};

/// The parameter that says which version is shown.
pub(super) const PARAMETER: &str = "version";
/// How long a version is shown while they are played, in milliseconds, and what that is called.
const SPEEDS: &[(u32, &str)] = &[(2_000, "slow"), (1_000, "normal"), (400, "fast")];
/// The speed at first.
const SPEED: u32 = 1_000;

/// `shown`: which version; none: the present one, whichever that is.
#[component]
pub(super) fn Slider(versions: Arc<[Version]>, shown: RwSignal<Option<usize>>) -> impl IntoView {
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
        let ticking = set_interval_with_handle(step, Duration::from_millis(speed.get().into()));
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
            <SpeedChoice label="Speed" speeds=SPEEDS usual=SPEED choose=move |millis| speed.set(millis) />
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
