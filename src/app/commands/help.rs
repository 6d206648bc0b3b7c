//! The help: all keys, and a switch for those that are only a character.

use super::{
    center::Center,
    command::{Command, Who},
};
use crate::{app::dialog, identity::visitor::use_visitor};
use leptos::{html, prelude::*};

/// Keys that parts of pages have for themselves: where, which, what for.
const ELSEWHERE: [(&str, &[&str], &str); 7] = [
    (
        "In the inventory",
        &["Enter"],
        "From the list to the first quantity that shows; from a quantity to the next, saving it",
    ),
    ("In the inventory", &["↑", "↓"], "Save a quantity and go to the one above or below"),
    ("In the inventory", &["Esc"], "Take back what was typed into a quantity, or clear the search"),
    ("On the board of orders", &["Space"], "Pick up the order, put it down"),
    ("On the board of orders", &["←", "→"], "To the next column; with an order in hand, carry it there"),
    ("On the board of orders", &["↑", "↓"], "To the next order"),
    ("On the board of orders", &["Esc"], "Let go of the order"),
];

/// The dialog.
#[component]
pub(super) fn Help() -> impl IntoView {
    let center = expect_context::<Center>();
    let visitor = use_visitor();
    let dialog = NodeRef::<html::Dialog>::new();
    dialog::follow(dialog, move || center.help.get(), || {});
    let everywhere = Command::all(Who::of(&visitor))
        .into_iter()
        .filter(|command| !command.keys().is_empty())
        .map(|command| {
            let keys = command.keys().into_iter().map(String::from).collect();
            view! { <Line keys meaning=command.label() /> }
        })
        .collect_view();
    let places = ["In the inventory", "On the board of orders"].into_iter().filter(|_| visitor.person.works_here());
    let elsewhere = places
        .map(|place| {
            let lines = ELSEWHERE
                .iter()
                .filter(|(of, ..)| *of == place)
                .map(|(_, keys, meaning)| {
                    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
                    view! { <Line keys meaning=(*meaning).to_owned() /> }
                })
                .collect_view();
            view! {
                <h3>{place}</h3>
                <dl>{lines}</dl>
            }
        })
        .collect_view();
    view! {
        <dialog class="ask help" node_ref=dialog aria-labelledby="help-title" on:close=move |_| center.help.set(false)>
            <h2 id="help-title">"Keyboard shortcuts"</h2>
            <div class="help-lines" tabindex="0" role="group" aria-label="All shortcuts">
                <h3>"Everywhere"</h3>
                <dl>
                    <Line keys=vec!["Ctrl K".to_owned()] meaning="Commands (on a Mac: ⌘ K)".to_owned() />
                    {everywhere}
                </dl>
                {elsewhere}
            </div>
            <label class="help-switch">
                <input
                    type="checkbox"
                    prop:checked=move || center.plain_keys.get()
                    on:change=move |change| center.set_plain_keys(event_target_checked(&change))
                />
                "Shortcuts that are only a character"
            </label>
            <div class="sheet-end">
                <button type="button" class="button" autofocus on:click=move |_| center.help.set(false)>
                    "Close"
                </button>
            </div>
        </dialog>
    }
}

#[component]
fn Line(keys: Vec<String>, meaning: String) -> impl IntoView {
    view! {
        <div>
            <dt>{keys.into_iter().map(|key| view! { <kbd>{key}</kbd> }).collect_view()}</dt>
            <dd>{meaning}</dd>
        </div>
    }
}
