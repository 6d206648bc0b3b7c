//! The slider over the moments, and what plays them.

use super::{journey::Journey, parts::MomentForm, stamp::Stamp};
use crate::app::{icons::Icon, speed::SpeedChoice};
use leptos::{html, prelude::*, web_sys::KeyboardEvent};
use std::time::Duration;

/// How many moments pass in ten seconds, and what that is called.
const SPEEDS: &[(u32, &str)] =
    &[(5, "½ a second"), (10, "1 a second"), (20, "2 a second"), (50, "5 a second"), (150, "15 a second")];
/// The speed at first.
const SPEED: u32 = 10;

/// Heading, slider, buttons; links and forms for people without JavaScript.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let journey = expect_context::<Journey>();
    let speed = RwSignal::new(SPEED);
    Effect::new(move |_| {
        let Some(tens) = journey.playing.get() else { return };
        let every = Duration::from_millis(u64::from(10_000 / tens.max(1)));
        let ticking = set_interval_with_handle(move || journey.tick(), every);
        on_cleanup(move || ticking.into_iter().for_each(|ticking| ticking.clear()));
    });
    let play = move |_| {
        let playing = journey.playing.with_untracked(Option::is_some);
        journey.stay();
        journey.playing.set((!playing).then(|| speed.get_untracked()));
    };
    let choose = move |tens: u32| {
        speed.set(tens);
        if journey.playing.with_untracked(Option::is_some) {
            journey.playing.set(Some(tens));
        }
    };
    let (home, to_home) = journey.scope.home();
    let title = match journey.scope.product {
        None => "History of the inventory".to_owned(),
        Some(id) => format!("History of product {id}"),
    };
    view! {
        <div class="heading">
            <h1>{title}</h1>
            <p class="count">
                <Reach />
            </p>
            <a class="button" href=home>
                {to_home}
            </a>
        </div>
        <section class="travel" aria-label="Move through time">
            <Slider />
            <div class="travel-buttons scripted">
                <button
                    class="button"
                    disabled=move || journey.stop.get() <= journey.first() && !journey.earlier.get()
                    on:click=move |_| {
                        journey.playing.set(None);
                        journey.step_back();
                    }
                >
                    <Icon name="back" />
                    "Earlier"
                </button>
                <button
                    class="button"
                    disabled=move || journey.is_live()
                    on:click=move |_| {
                        journey.playing.set(None);
                        journey.step();
                    }
                >
                    "Later"
                    <Icon name="forth" />
                </button>
                <button class="button primary play" disabled=move || journey.is_live() on:click=play>
                    {move || if journey.playing.with(Option::is_some) { "Pause" } else { "Play" }}
                </button>
                <SpeedChoice label="Speed: moments" speeds=SPEEDS usual=SPEED choose=choose />
                <button
                    class="button"
                    disabled=move || journey.is_live()
                    on:click=move |_| {
                        journey.playing.set(None);
                        journey.go_to(journey.present());
                    }
                >
                    "Live"
                </button>
            </div>
            <PlainLinks />
            <div class="travel-forms">
                {move || {
                    let here = journey.stamp(journey.stop.get());
                    view! { <MomentForm name="at" label="Go to (UTC)" action="Go" typed=here /> }
                }}
                {move || {
                    let here = journey.stamp(journey.stop.get());
                    view! { <MomentForm name="and" label="Compare with (UTC)" action="Compare" kept=Some(here) typed=here /> }
                }}
                <CompareNow />
            </div>
        </section>
    }
}

/// `2026-11-26 06:41:45 UTC` as a range's value, with what happened.
#[component]
fn Slider() -> impl IntoView {
    let journey = expect_context::<Journey>();
    let text = move || match journey.moment() {
        _ if journey.is_live() => "Now, live".to_owned(),
        Some(moment) => format!("{}, {}: {}", moment.stamp.at.to_the_second(), moment.author(), moment.summary()),
        None => journey.time().map(|at| format!("{}, where the record begins", at.to_the_second())).unwrap_or_default(),
    };
    // Whoever has moved it to where the page does not get finds it where the page is.
    let range = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(range) = range.get().filter(|_| !journey.busy.get()) {
            range.set_value(&journey.stop.get_untracked().to_string());
        }
    });
    // By far: ten moments.
    let far = move |key: KeyboardEvent| {
        let to = match key.key().as_str() {
            "PageDown" => journey.stop.get_untracked().saturating_sub(10).max(journey.first()),
            "PageUp" => journey.stop.get_untracked() + 10,
            _ => return,
        };
        key.prevent_default();
        journey.playing.set(None);
        journey.go_to(to);
    };
    view! {
        <label class="slider scripted">
            <span class="slider-label">
                <span>"Moment"</span>
                <output>{text}</output>
            </span>
            <input
                node_ref=range
                type="range"
                step="1"
                min=move || journey.first().to_string()
                max=move || journey.present().to_string()
                prop:value=move || {
                    journey.present();
                    journey.stop.get().to_string()
                }
                aria-label="Moment"
                aria-valuetext=text
                on:input=move |input| {
                    journey.playing.set(None);
                    if let Ok(stop) = event_target_value(&input).parse() {
                        journey.go_to(stop);
                    }
                }
                on:keydown=far
            />
        </label>
    }
}

/// Back and forth for people without JavaScript.
#[component]
fn PlainLinks() -> impl IntoView {
    let journey = expect_context::<Journey>();
    move || {
        let (stop, first, present) = (journey.stop.get(), journey.first(), journey.present());
        let link = |to: usize, label: &'static str, rel: &'static str| {
            view! {
                <a class="button" rel=rel href=journey.address(to)>
                    {label}
                </a>
            }
        };
        // The present looks as the last moment does.
        let before = if stop == present { present.saturating_sub(2) } else { stop.saturating_sub(1) };
        view! {
            <nav class="travel-buttons plain" aria-label="Moments">
                {(stop > first && before >= first).then(|| link(before, "Earlier", "prev"))}
                {(stop + 1 < present).then(|| link(stop + 1, "Later", "next"))}
                {(stop < present).then(|| link(present, "Live", "last"))}
            </nav>
        }
    }
}

/// What differs between the moment and the present.
#[component]
fn CompareNow() -> impl IntoView {
    let journey = expect_context::<Journey>();
    move || {
        let here = journey.stamp(journey.stop.get()).filter(|_| !journey.is_live())?;
        let address = journey.scope.compared(here);
        Some(view! {
            <a class="button" href=address>
                "Compare with now"
            </a>
        })
    }
}

/// Since when the past is known, and why not any longer.
#[component]
fn Reach() -> impl IntoView {
    let journey = expect_context::<Journey>();
    move || {
        let reach = journey.reach.get();
        let at = reach.at?;
        let begin = journey.scope.at(Stamp { at, seq: None });
        Some(view! {
            "The record reaches back to "
            <a href=begin rel="external" title=reach.why.clone()>
                {at.to_the_second()}
            </a>
            <span class="why">{format!(": {}.", reach.why)}</span>
        })
    }
}
