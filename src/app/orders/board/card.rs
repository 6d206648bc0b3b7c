//! A card: an order, a handle to move it by, and a button that moves it on.

use super::{
    carry::Means,
    desk::{Desk, advance_id, grip_id},
    moving::Focus,
};
use crate::{
    app::{
        clock::use_clock,
        glow::glow,
        icons::Icon,
        orders::{
            actions::StepOrder,
            rows::{Order, OrderKey, address, pieces},
            steps::needs_reason,
        },
        when::When,
    },
    orders::{Actor, State, Step},
};
use leptos::{ev, html, prelude::*, server_fn::ServerFn};
use leptos_router::components::A;

/// A card that came or changed so lately glows, in milliseconds.
const FRESH_MS: u64 = 5_000;

/// The step that leads on from here, which needs no more than a click.
fn onward(state: State) -> Option<Step> {
    Step::allowed(state, Actor::Staff).into_iter().find(|step| !needs_reason(*step))
}

#[component]
pub(super) fn Card(desk: Desk, state: State, key: OrderKey) -> impl IntoView {
    let id = key.id;
    let row = desk.column(state).orders.row(key);
    let read = move |look: fn(&Order) -> String| row.with(look).unwrap_or_default();
    let customer = move || read(|row| row.customer_name.clone());
    let element = NodeRef::<html::Li>::new();
    let clock = use_clock();
    Effect::new(move |seen: Option<Option<i64>>| {
        let version = row.with(|row| row.version);
        let at = untrack(|| row.with(|row| row.changed_at.millis())).unwrap_or_default();
        let is_fresh = untrack(|| clock.fine()).is_some_and(|now| now.abs_diff(at) < FRESH_MS);
        if let Some(element) = element.get().filter(|_| is_fresh && seen.flatten() != version) {
            glow(&element);
        }
        version
    });
    let in_hand = move || desk.carried.with(|carried| carried.is_some_and(|carried| carried.order == id));
    let unanswered = move || desk.unanswered.with(|unanswered| unanswered.contains(&id));
    // A click that no key and no pointer made, such as a screen reader's.
    let click = move |click: ev::MouseEvent| {
        if click.detail() == 0 && desk.carried.get_untracked().is_none() {
            desk.pick_up(id, state, Means::Keys);
        }
    };
    let leave = move |_| {
        let by_keys = |carried: super::carry::Carried| carried.order == id && carried.means == Means::Keys;
        if desk.carried.get_untracked().is_some_and(by_keys) {
            desk.let_go();
        }
    };
    view! {
        <li
            class="card"
            class:in-hand=in_hand
            class:unanswered=unanswered
            node_ref=element
            on:pointerdown=move |press| desk.press(&press, id, state)
            on:dragstart=|drag| drag.prevent_default()
        >
            <div class="card-top">
                <button
                    type="button"
                    id=grip_id(id)
                    class="grip scripted"
                    aria-label=move || format!("Move order {id} of {}", customer())
                    aria-describedby="board-help"
                    aria-pressed=move || in_hand().to_string()
                    on:keydown=move |key| desk.key(&key, id, state)
                    on:click=click
                    on:blur=leave
                >
                    <Icon name="grip" />
                </button>
                <A href=address(id) attr:class="card-number" attr:aria-label=move || format!("Order {id} of {}", customer())>
                    {id}
                </A>
                <When at=Signal::derive(move || row.with(|row| row.changed_at)) />
            </div>
            <p class="card-customer" dir="auto">
                {customer}
            </p>
            <div class="card-end">
                <p class="card-sum">
                    <span>{move || read(|row| row.total.to_string())} " €"</span>
                    <span class="card-pieces">{move || read(|row| pieces(row.pieces))}</span>
                </p>
                {onward(state).map(|step| view! { <Advance desk state id step /> })}
            </div>
        </li>
    }
}

/// A form that works as one.
#[component]
fn Advance(desk: Desk, state: State, id: i64, step: Step) -> impl IntoView {
    let row = desk.column(state).orders.row(OrderKey { id });
    let version = Memo::new(move |_| row.with(|row| row.version).unwrap_or_default());
    let submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        if let Some(order) = desk.order(state, id) {
            desk.move_order(order, step, Focus::Next);
        }
    };
    let target = step.target();
    view! {
        <form method="post" action=StepOrder::PATH on:submit=submit>
            <input type="hidden" name="order" value=id.to_string() />
            <input type="hidden" name="step" value=step.word() />
            <input type="hidden" name="details[version]" value=move || version.get().to_string() />
            <input
                type="hidden"
                name="details[key]"
                value=move || desk.steps.with_value(|steps| steps.key(id, version.get(), step))
            />
            <input type="hidden" name="back" value=move || desk.listing.with(|listing| listing.address()) />
            <button
                id=advance_id(id)
                class="advance"
                title=format!("Move to {}", target.label())
                aria-label=format!("Move order {id} to {}", target.label())>
                <span class="advance-word">{target.label()}</span>
                <span aria-hidden="true">" →"</span>
            </button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_that_goes_on_is_moved_on_by_one_click() {
        let onward = State::ALL.map(onward);
        let expected = [Step::Pay, Step::Pick, Step::Pack, Step::Ship, Step::Deliver].map(Some);
        assert_eq!(onward[..5], expected);
        assert_eq!(onward[5..], [None, None, None]);
    }
}
