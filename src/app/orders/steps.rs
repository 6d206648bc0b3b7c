//! What may be done with an order now, as buttons: each a form that works as one.
//!
//! What says nothing but "it is done" shows at once and is taken back, with the reason, if the server refuses. What comes
//! with words waits for the answer, so that no words are lost.
//!
//! Whoever is faster than the server does the next thing with what the order is by then: steps are sent one after the other, each
//! on the version that the one before has led to.

use super::{
    actions::StepOrder,
    rows::{Order, OrderKey},
    sending::Sending,
    telling::Unconfirmed,
};
use crate::{
    app::{focus::focus_if_lost, toast::use_messages},
    orders::{Actor, MAX_NOTE, MAX_TRACKING, Step},
    store::{LiveQuery, RowSignal},
};
use futures::lock::Mutex;
use leptos::{ev::SubmitEvent, form::FromFormData, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// The group of all steps. It gets the focus that a step leaves behind, rather than the next step does: a key that is held down or
/// pressed twice does one thing.
const GROUP: &str = "steps";
/// What gets it when nothing can be done any more.
pub(super) const HEADING: &str = "order-heading";

/// Whether a step is asked why.
pub(super) fn needs_reason(step: Step) -> bool {
    matches!(step, Step::Cancel | Step::Return)
}

/// For a button.
fn label(step: Step, actor: Actor) -> String {
    match (step, actor) {
        (Step::Pay, Actor::Owner) => "Pay now".to_owned(),
        (Step::Cancel, _) => "Cancel the order".to_owned(),
        (Step::Return, _) => "Take it back".to_owned(),
        (step, _) => format!("Mark as {}", step.target()),
    }
}

/// One step after the other.
#[derive(Default)]
struct Turns {
    /// Held by the step that is being answered: the version that the last one has led to.
    version: Mutex<i64>,
    /// How many were not confirmed. What was asked for on top of one of those is not sent.
    unconfirmed: AtomicU32,
}

/// All that this person may do now.
#[component]
pub(super) fn Steps(order: LiveQuery<Order>, row: RowSignal<Order>, actor: Actor) -> impl IntoView {
    let allowed = Memo::new(move |_| row.with(|row| Step::allowed(row.state, actor)).unwrap_or_default());
    let steps = StoredValue::new(Sending::new());
    let turns = StoredValue::new(Arc::<Turns>::default());
    let group = NodeRef::<html::Div>::new();
    // What is shown follows what is allowed, once it has been seen whether what goes has the focus.
    let shown = RwSignal::new(allowed.get_untracked());
    Effect::new(move || {
        let now = allowed.get();
        if shown.with_untracked(|shown| *shown == now) {
            return;
        }
        let focused = document().active_element();
        let is_inside = group.get_untracked().is_some_and(|group| group.contains(focused.as_deref()));
        if is_inside {
            let home = if now.is_empty() { HEADING } else { GROUP };
            focus_if_lost(vec![home.to_owned()]);
        }
        shown.set(now);
    });
    view! {
        <div class="steps" id=GROUP node_ref=group role="group" tabindex="-1" aria-label="What can be done now">
            <For each=move || shown.get() key=|step| *step let:step>
                <StepForm order row actor step steps turns />
            </For>
        </div>
    }
}

#[component]
fn StepForm(
    order: LiveQuery<Order>,
    row: RowSignal<Order>,
    actor: Actor,
    step: Step,
    steps: StoredValue<Sending>,
    turns: StoredValue<Arc<Turns>>,
) -> impl IntoView {
    let messages = use_messages();
    let sending = RwSignal::new(false);
    let id = untrack(|| row.with(|row| row.id)).unwrap_or_default();
    let version = Memo::new(move |_| row.with(|row| row.version).unwrap_or_default());
    let has_words = needs_reason(step) || step == Step::Ship;
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Ok(StepOrder { details, .. }) = StepOrder::from_event(&submit) else { return };
        if sending.get_untracked() {
            return;
        }
        sending.set(true);
        let edit = (!has_words).then(|| order.edit(OrderKey { id }, move |row| row.state = step.target()));
        let (turns, steps, seen) = (turns.get_value(), steps.get_value(), version.get_untracked());
        let unconfirmed = turns.unconfirmed.load(Ordering::Relaxed);
        spawn_local(async move {
            let mut reached = turns.version.lock().await;
            let outcome = if turns.unconfirmed.load(Ordering::Relaxed) == unconfirmed {
                steps.send(id, seen.max(*reached), step, details).await
            } else {
                Err(Unconfirmed::not_done("What should have been done before was not confirmed"))
            };
            sending.try_set(false);
            match outcome {
                Ok(done) => {
                    *reached = done.version.unwrap_or_default();
                    edit.into_iter().for_each(|edit| edit.confirm(done.transaction));
                }
                Err(unconfirmed) => {
                    turns.unconfirmed.fetch_add(1, Ordering::Relaxed);
                    messages.refused(unconfirmed.of_order(id, step.target()));
                }
            }
        });
    };
    let words = label(step, actor);
    let fields = match step {
        Step::Cancel | Step::Return => view! { <Reason step /> }.into_any(),
        Step::Ship => view! { <Parcel /> }.into_any(),
        _ => ().into_any(),
    };
    let is_forward = !needs_reason(step);
    let button = view! {
        <button
            class="button"
            class:primary=is_forward
            class:danger=!is_forward
            aria-disabled=move || sending.get().to_string()
        >
            {words.clone()}
        </button>
    };
    let form = view! {
        <form class="step-form" method="post" action=StepOrder::PATH aria-label=words.clone() on:submit=submit>
            <input type="hidden" name="order" value=id.to_string() />
            <input type="hidden" name="step" value=step.word() />
            <input type="hidden" name="details[version]" value=move || version.get().to_string() />
            <input
                type="hidden"
                name="details[key]"
                value=move || steps.with_value(|steps| steps.key(id, version.get(), step))
            />
            {fields}
            {button}
        </form>
    };
    if has_words {
        view! {
            <details class="step-more" name="step">
                <summary class="button" class:primary=is_forward>
                    {words}
                    "…"
                </summary>
                {form}
            </details>
        }
        .into_any()
    } else {
        form.into_any()
    }
}

/// Why something is given up or taken back.
#[component]
fn Reason(step: Step) -> impl IntoView {
    let id = format!("reason-{step}");
    view! {
        <div class="field">
            <label for=id.clone()>"Reason"</label>
            <input id=id name="details[note]" required maxlength=MAX_NOTE.to_string() autocomplete="off" />
            <p class="hint">"The customer can read it. The pieces go back into stock."</p>
        </div>
    }
}

/// Who carries the parcel, and its number.
#[component]
fn Parcel() -> impl IntoView {
    view! {
        <div class="field">
            <label for="parcel-carrier">"Carrier (optional)"</label>
            <input id="parcel-carrier" name="details[carrier]" maxlength=MAX_TRACKING.to_string() autocomplete="off" />
        </div>
        <div class="field">
            <label for="parcel-tracking">"Parcel’s number (optional)"</label>
            <input id="parcel-tracking" name="details[tracking]" maxlength=MAX_TRACKING.to_string() autocomplete="off" />
        </div>
    }
}
