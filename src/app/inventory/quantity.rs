//! The cell that can be edited in place. A form that works as one; with JavaScript it shows the new number at once and
//! takes it back, with the reason, if the server refuses.
//!
//! What is typed is a draft until it is saved: live changes do not overwrite it, and neither does a refusal.

use super::{
    actions::{SetQuantity, set_quantity},
    product::{Product, ProductKey},
    refusal::Unconfirmed,
    row::RowView,
    sheet::{Draft, Sheet},
    validate::{self, Field},
};
use crate::{
    app::{icons::Icon, toast::use_messages},
    identity::visitor::use_visitor,
};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

/// The number: to be edited by those who may, to be read by everybody else.
#[component]
pub(super) fn QuantityCell(id: i64, row: RowView) -> impl IntoView {
    if use_visitor().person.works_here() {
        view! { <QuantityForm id row /> }.into_any()
    } else {
        view! {
            <span class="quantity-form">
                <span class="low-tag">{move || row.read(low)}</span>
                <span class="quantity-only">{move || row.read(|row| row.quantity.to_string())}</span>
            </span>
        }
        .into_any()
    }
}

fn low(row: &Product) -> &'static str {
    if row.quantity == 0 { "Out" } else { "Low" }
}

/// The number, as an input with a button.
#[component]
fn QuantityForm(id: i64, row: RowView) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let draft = RwSignal::new(sheet.drafts.with_value(|drafts| drafts.get(&id).cloned()));
    let drafts = sheet.drafts;
    on_cleanup(move || {
        let kept = draft.try_get_untracked().flatten();
        drafts.try_update_value(|drafts| match kept {
            Some(kept) => drafts.insert(id, kept),
            None => drafts.remove(&id),
        });
    });
    let shown = move || draft.get().map_or_else(|| row.read(|row| row.quantity.to_string()), |draft| draft.typed);
    let problem = move || draft.get().and_then(|draft| draft.problem);
    let back = sheet.listing.with_untracked(|listing| listing.address());
    let back = (back != "/").then(|| view! { <input type="hidden" name="back" value=back /> });
    let editing = Editing { id, row, draft, sheet, messages: use_messages() };
    let (on_submit, on_key, on_leave) = (editing.clone(), editing.clone(), editing);
    view! {
        <form
            class="quantity-form"
            method="post"
            action=SetQuantity::PATH
            on:submit=move |submit| {
                submit.prevent_default();
                on_submit.save();
            }
        >
            <input type="hidden" name="id" value=id.to_string() />
            {back}
            <span class="low-tag">{move || row.read(low)}</span>
            <input
                id=format!("quantity-{id}")
                name="quantity"
                inputmode="numeric"
                autocomplete="off"
                aria-label=move || row.read(|row| format!("Quantity of {}", row.name))
                aria-invalid=move || problem().is_some().then_some("true")
                title=problem
                class:draft=move || draft.with(Option::is_some)
                value=untrack(shown)
                prop:value=shown
                on:input=move |input| draft.set(Some(Draft { typed: event_target_value(&input), problem: None }))
                on:keydown=move |key| on_key.key(&key)
                on:blur=move |_| {
                    if !on_leave.sheet.moving.get_value() {
                        on_leave.save();
                    }
                }
            />
            <button class="icon-button save" aria-label="Save">
                <Icon name="check" />
            </button>
        </form>
    }
}

#[derive(Clone)]
struct Editing {
    id: i64,
    row: RowView,
    draft: RwSignal<Option<Draft>>,
    sheet: Sheet,
    messages: crate::app::toast::Messages,
}

impl Editing {
    fn key(&self, key: &ev::KeyboardEvent) {
        let steps = match key.key().as_str() {
            "Escape" => {
                self.draft.set(None);
                return;
            }
            "ArrowUp" => -1,
            "ArrowDown" | "Enter" => 1,
            _ => return,
        };
        key.prevent_default();
        // Before saving, because the row may move away when it has another quantity.
        let next = self.sheet.neighbour(self.id, steps);
        if self.save()
            && let Some(next) = next
        {
            self.sheet.focus("quantity", next);
        }
    }

    /// Whether there is nothing (left) to correct.
    fn save(&self) -> bool {
        let Some(Draft { typed, problem }) = self.draft.get_untracked() else { return true };
        if problem.is_some() {
            // Known already, and nothing else was typed since.
            return false;
        }
        let quantity = match validate::quantity(&typed) {
            Ok(quantity) => quantity,
            Err(problem) => {
                let reason = problem.message(Field::Quantity);
                self.messages.refused(format!("Quantity of “{}” was not changed. {reason}.", self.name()));
                self.keep(typed, reason);
                return false;
            }
        };
        self.draft.set(None);
        if untrack(|| self.row.read(|row| row.quantity)) != quantity {
            self.send(typed, quantity);
        }
        true
    }

    fn send(&self, typed: String, quantity: i32) {
        let key = ProductKey { id: self.id };
        let edit = self.sheet.live.edit(key, move |row| row.quantity = quantity);
        let turn = self.sheet.turns.next(self.id);
        // The row may be gone when the answer comes.
        let (this, name) = (self.clone(), self.name());
        spawn_local(async move {
            let _turn = turn.wait().await;
            if turn.is_overtaken() {
                // Something newer was typed while this waited, and is shown already.
                edit.roll_back();
                return;
            }
            let Unconfirmed { was_not, reason } = match set_quantity(this.id, typed.clone(), String::new()).await {
                Ok(Ok(committed)) => {
                    edit.confirm(committed.transaction);
                    return;
                }
                Ok(Err(refusal)) => Unconfirmed::refused(&refusal),
                Err(error) => Unconfirmed::failed(&error),
            };
            edit.roll_back();
            // The row may be about to leave, and what was typed with it.
            this.messages.refused(format!("Quantity of “{name}” {was_not} changed to “{typed}”. {reason}."));
            this.keep(typed, reason);
        });
    }

    fn name(&self) -> String {
        untrack(|| self.row.read(|row| row.name.clone()))
    }

    /// Keeps what was typed: in the cell, or for when the row is scrolled back.
    fn keep(&self, typed: String, reason: String) {
        let draft = Draft { typed, problem: Some(reason) };
        if self.draft.try_set(Some(draft.clone())).is_some() {
            self.sheet.drafts.try_update_value(|drafts| drafts.insert(self.id, draft));
        }
    }
}
