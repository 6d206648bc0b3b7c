//! Asks why an order is given up or taken back, until the server has agreed: what was typed is not lost if it does not.

use super::desk::{Desk, grip_id};
use crate::{
    app::{dialog, focus::focus_soon, orders::telling::Unconfirmed},
    orders::{Actor, MAX_NOTE, Step},
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use std::collections::{HashMap, HashSet};

/// A dialog, open while a move waits for its reason, and for its answer.
#[component]
pub(super) fn AskForReason(desk: Desk) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let asked = desk.asked;
    let problem = RwSignal::new(None::<String>);
    // Orders that an answer is due about.
    let due = RwSignal::new(HashSet::<i64>::new());
    // Whoever closes the dialog before the answer finds the reason there again.
    let sent = StoredValue::new(HashMap::<(i64, Step), String>::new());
    dialog::follow(dialog, move || asked.with(Option::is_some), || {});
    let about = Memo::new(move |_| asked.with(|asked| asked.as_ref().map(|(order, step)| (order.id, *step))));
    let sending = Memo::new(move |_| about.get().is_some_and(|(id, _)| due.with(|due| due.contains(&id))));
    // Without an answer nobody knows whether it was done.
    let is_open = Memo::new(move |_| {
        let asked = asked.get();
        asked.is_some_and(|(order, step)| {
            sending.get() || desk.steps.with_value(|steps| steps.is_open(order.id, order.version, step))
        })
    });
    let question = move || {
        about.get().map(|(id, step)| match step {
            Step::Return => format!("Take order {id} back?"),
            _ => format!("Cancel order {id}?"),
        })
    };
    let verb = move || match (about.get(), sending.get()) {
        (Some((_, Step::Return)), false) => "Take it back",
        (Some((_, Step::Return)), true) => "Taking it back…",
        (_, false) => "Cancel the order",
        (_, true) => "Cancelling…",
    };
    let keep = move || {
        if let Some((order, step)) = asked.get_untracked() {
            desk.said.set(if is_open.get_untracked() {
                format!("Whether order {} is {} is not known yet.", order.id, step.target())
            } else {
                format!("Order {} stays in {}.", order.id, order.state.label())
            });
            asked.set(None);
            problem.set(None);
            focus_soon(vec![grip_id(order.id)]);
        }
    };
    let refused = move |id: i64, step: Step, unconfirmed: &Unconfirmed| {
        let words = unconfirmed.of_order(id, step.target());
        let is_possible = !unconfirmed.was_done_before()
            && unconfirmed.now.is_none_or(|(state, _)| step.check(state, Actor::Staff).is_ok());
        if about.try_get_untracked().flatten() != Some((id, step)) || !is_possible {
            asked.try_update(|asked| asked.take_if(|(order, asks)| (order.id, *asks) == (id, step)));
            desk.messages.refused(words);
            return;
        }
        if let Some((state, version)) = unconfirmed.now {
            asked.update(|asked| {
                if let Some((order, _)) = asked {
                    (order.state, order.version) = (state, version);
                }
            });
        }
        problem.set(Some(words));
    };
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some((order, step)) = asked.get_untracked().filter(|_| !sending.get_untracked()) else { return };
        let (id, note) = (order.id, input.get_untracked().map(|input| input.value()).unwrap_or_default());
        sent.update_value(|sent| drop(sent.insert((id, step), note.clone())));
        problem.set(None);
        due.update(|due| due.extend([id]));
        spawn_local(async move {
            let outcome = desk.end_order(order, step, note).await;
            due.try_update(|due| due.remove(&id));
            match outcome {
                Ok(()) => {
                    sent.try_update_value(|sent| sent.remove(&(id, step)));
                    asked.try_update(|asked| asked.take_if(|(order, asks)| (order.id, *asks) == (id, step)));
                }
                Err(unconfirmed) => refused(id, step, &unconfirmed),
            }
        });
    };
    let typed = move |about| sent.with_value(|sent| sent.get(&about).cloned().unwrap_or_default());
    view! {
        <dialog class="ask" node_ref=dialog aria-labelledby="ask-question" on:close=move |_| keep()>
            <form on:submit=submit aria-labelledby="ask-question">
                <h2 id="ask-question">{question}</h2>
                <p class="hint">"The customer can read the reason. The pieces go back into stock."</p>
                <div class="field">
                    <label for="ask-reason">"Reason"</label>
                    // Drawn anew for each order.
                    {move || {
                        about
                            .get()
                            .map(|about| {
                                view! {
                                    <input
                                        id="ask-reason"
                                        node_ref=input
                                        value=typed(about)
                                        required
                                        autofocus
                                        maxlength=MAX_NOTE.to_string()
                                        autocomplete="off"
                                    />
                                }
                            })
                    }}
                </div>
                <p class="problem" role="alert">
                    {problem}
                </p>
                <div class="sheet-end">
                    <button type="button" class="button" on:click=move |_| keep()>
                        {move || if is_open.get() { "Close" } else { "Keep it" }}
                    </button>
                    <button class="button danger" aria-disabled=move || sending.get().to_string()>
                        {verb}
                    </button>
                </div>
            </form>
        </dialog>
    }
}
