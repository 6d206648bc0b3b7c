//! How fast the past is played: one choice, the same wherever there is a slider.

use leptos::prelude::*;

/// A list of speeds.
#[component]
pub(super) fn SpeedChoice(
    /// What is chosen, for those who do not see where it stands.
    label: &'static str,
    /// Each speed and what it is called.
    speeds: &'static [(u32, &'static str)],
    /// The one at first.
    usual: u32,
    /// Called with the one that was chosen.
    choose: impl Fn(u32) + 'static,
) -> impl IntoView {
    view! {
        <label class="speed">
            <span class="unseen">{label}</span>
            <select on:change=move |change| choose(event_target_value(&change).parse().unwrap_or(usual))>
                {speeds
                    .iter()
                    .map(|(speed, name)| {
                        view! {
                            <option value=speed.to_string() selected=*speed == usual>
                                {*name}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}
