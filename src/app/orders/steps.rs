//! What may be done with an order now, as buttons: each a form that works as one.
//!
//! What says nothing but "it is done" shows at once and is taken back, with the reason, if the server refuses. What comes
//! with words waits for the answer, so that no words are lost.

use super::{
    actions::{StepOrder, step_order},
    rows::{Order, OrderKey},
    telling::Unconfirmed,
};
use crate::{
    app::{fresh, toast::use_messages},
    orders::{Actor, Done, MAX_NOTE, MAX_TRACKING, Step, StepDetails},
    store::{LiveQuery, RowSignal},
};
use leptos::{ev::SubmitEvent, form::FromFormData, prelude::*, server_fn::ServerFn, task::spawn_local};

/// Sends a step; says what to tell if it was not confirmed.
pub(super) async fn send(order: i64, step: Step, details: StepDetails) -> Result<Done, Unconfirmed> {
    match step_order(order, step, details, String::new()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(refusal)) => Err(Unconfirmed::refused(&refusal)),
        Err(error) => Err(Unconfirmed::failed(&error)),
    }
}

/// The key of a step of this page: the same however often it is sent.
pub(super) fn key(page: &str, order: i64, version: i64, step: Step) -> String {
    format!("{page}.{order}.{version}.{step}")
}

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

/// All that this person may do now.
#[component]
pub(super) fn Steps(order: LiveQuery<Order>, row: RowSignal<Order>, actor: Actor) -> impl IntoView {
    let allowed = Memo::new(move |_| row.with(|row| Step::allowed(row.state, actor)).unwrap_or_default());
    // Made by the server and taken over by the browser, so that both ways of sending a form have the same.
    let page = StoredValue::new(SharedValue::new(fresh::word).into_inner());
    view! {
        <div class="steps" role="group" aria-label="What can be done now">
            <For each=move || allowed.get() key=|step| *step let:step>
                <StepForm order row actor step page />
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
    page: StoredValue<String>,
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
        spawn_local(async move {
            let outcome = send(id, step, details).await;
            sending.try_set(false);
            match outcome {
                Ok(done) => edit.into_iter().for_each(|edit| edit.confirm(done.transaction)),
                Err(Unconfirmed { was_not, reason, .. }) => {
                    messages.refused(format!("Order {id} {was_not} {}. {reason}.", step.target()));
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
                value=move || page.with_value(|page| key(page, id, version.get(), step))
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
