//! Asks why an order is given up or taken back.

use super::{
    desk::{Desk, focus_soon, grip_id},
    moving::Focus,
};
use crate::{
    app::dialog,
    orders::{MAX_NOTE, Step},
};
use leptos::{ev::SubmitEvent, html, prelude::*};

/// A dialog, open while a move waits for its reason.
#[component]
pub(super) fn AskForReason(desk: Desk) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let asked = desk.asked;
    dialog::follow(dialog, move || asked.with(Option::is_some), || {});
    let about = move || asked.with(|asked| asked.as_ref().map(|(order, step)| (order.id, *step)));
    let question = move || {
        about().map(|(id, step)| match step {
            Step::Return => format!("Take order {id} back?"),
            _ => format!("Cancel order {id}?"),
        })
    };
    let verb = move || match about() {
        Some((_, Step::Return)) => "Take it back",
        _ => "Cancel the order",
    };
    let keep = move || {
        if let Some((order, _)) = asked.get_untracked() {
            asked.set(None);
            desk.said.set(format!("Order {} stays in {}.", order.id, order.state.label()));
            focus_soon(vec![grip_id(order.id)]);
        }
    };
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some((order, step)) = asked.get_untracked() else { return };
        let note = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        asked.set(None);
        desk.move_order(order, step, note, Focus::Follows);
    };
    view! {
        <dialog class="ask" node_ref=dialog aria-labelledby="ask-question" on:close=move |_| keep()>
            <form on:submit=submit aria-labelledby="ask-question">
                <h2 id="ask-question">{question}</h2>
                <p class="hint">"The customer can read the reason. The pieces go back into stock."</p>
                <div class="field">
                    <label for="ask-reason">"Reason"</label>
                    // Drawn anew for each order.
                    {move || {
                        about()
                            .map(|_| {
                                view! {
                                    <input
                                        id="ask-reason"
                                        node_ref=input
                                        required
                                        autofocus
                                        maxlength=MAX_NOTE.to_string()
                                        autocomplete="off"
                                    />
                                }
                            })
                    }}
                </div>
                <div class="sheet-end">
                    <button type="button" class="button" on:click=move |_| keep()>
                        "Keep it"
                    </button>
                    <button class="button danger">{verb}</button>
                </div>
            </form>
        </dialog>
    }
}
