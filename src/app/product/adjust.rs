//! The form that moves pieces: why, how many, and what there is to say about it.

use super::{
    actions::{AdjustStock, Adjusted, adjust_stock},
    movement::{MAX_NOTE, Reason},
    refusal::{Moved, Notice, Refusal},
};
use crate::{
    app::{
        focus::focus_soon,
        inventory::{Product, ProductKey, grouped, refusal::Unconfirmed, validate::MAX_QUANTITY},
        toast::{Messages, use_messages},
    },
    store::{Live, LiveQuery, RowSignal},
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};

const PIECES: &str = "adjust-pieces";

#[derive(Clone, Copy)]
struct Adjusting {
    id: i64,
    messages: Messages,
}

/// For those who may.
#[component]
pub(super) fn AdjustForm(
    product: LiveQuery<Product>,
    row: RowSignal<Product>,
    id: i64,
    notice: Option<Notice>,
) -> impl IntoView {
    let (typed, refused) = match notice {
        Some(Notice::MoveRefused(moved, refusal)) => (moved, Some(refusal)),
        _ => (Moved::default(), None),
    };
    let adjusting = Adjusting { id, messages: use_messages() };
    let reason = RwSignal::new(Reason::of(&typed.reason).unwrap_or(Reason::Received));
    let (pieces, note) = (RwSignal::new(typed.pieces), RwSignal::new(typed.note));
    let problem = RwSignal::new(refused);
    let sending = RwSignal::new(false);
    let quantity = Memo::new(move |_| row.with(|row| row.quantity).unwrap_or_default());
    let outcome = Memo::new(move |_| {
        let number = reason.get().number(&pieces.get())?;
        reason.get().apply(quantity.get(), number)
    });
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        if sending.get_untracked() {
            return;
        }
        let moved = Moved {
            reason: reason.get_untracked().word().to_owned(),
            pieces: pieces.get_untracked(),
            note: note.get_untracked(),
        };
        if let Some(refusal) = refusal_of(&moved, quantity.get_untracked()) {
            problem.set(Some(refusal));
            focus_soon(vec![PIECES.to_owned()]);
            return;
        }
        problem.set(None);
        sending.set(true);
        // The way back is there after the page is left, and the query is not.
        let live = untrack(|| product.live());
        spawn_local(async move {
            match adjusting.send(&live, moved).await {
                Ok(adjusted) => {
                    pieces.try_set(String::new());
                    note.try_set(String::new());
                    adjusting.done(live, adjusted);
                }
                Err(refusal) => {
                    problem.try_set(refusal);
                }
            }
            sending.try_set(false);
        });
    };
    let reasons = Reason::ALL
        .map(|one| {
            view! {
                <option value=one.word() selected=move || reason.get() == one>
                    {one.label()}
                </option>
            }
        })
        .collect_view();
    let preview = move || {
        let after = outcome.get()?;
        let words = if (0..=MAX_QUANTITY).contains(&after) { "then" } else { "which cannot be:" };
        Some(format!("{} now, {words} {}", grouped(quantity.get().into()), grouped(after.into())))
    };
    let chosen = move |change: leptos::ev::Event| {
        reason.set(Reason::of(&event_target_value(&change)).unwrap_or(Reason::Received));
        problem.set(None);
    };
    view! {
        <form class="adjust-form" method="post" action=AdjustStock::PATH aria-label="Adjust the stock" novalidate on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <div class="field">
                <label for="adjust-reason">"What happened"</label>
                <select
                    id="adjust-reason"
                    name="moved[reason]"
                    prop:value=move || reason.get().word()
                    on:change=chosen
                >
                    {reasons}
                </select>
            </div>
            <div class="field adjust-pieces">
                <label for=PIECES>"Pieces"</label>
                <input
                    id=PIECES
                    name="moved[pieces]"
                    inputmode="numeric"
                    autocomplete="off"
                    aria-describedby="adjust-preview"
                    aria-invalid=move || problem.with(Option::is_some).then_some("true")
                    value=untrack(|| pieces.get())
                    prop:value=pieces
                    on:input=move |input| {
                        pieces.set(event_target_value(&input));
                        problem.set(None);
                    }
                />
            </div>
            <div class="field adjust-note">
                <label for="adjust-note">"Note"</label>
                <input
                    id="adjust-note"
                    name="moved[note]"
                    autocomplete="off"
                    maxlength=MAX_NOTE.to_string()
                    placeholder="Delivery 4711"
                    value=untrack(|| note.get())
                    prop:value=note
                    on:input=move |input| note.set(event_target_value(&input))
                />
            </div>
            <button class="button primary" aria-disabled=move || sending.get().to_string()>
                "Adjust"
            </button>
            <p class="hint adjust-preview" id="adjust-preview">
                {move || match problem.get() {
                    Some(refusal) => view! { <span class="problem" role="alert">{refusal.message()} "."</span> }.into_any(),
                    None => view! { <span>{preview}</span> }.into_any(),
                }}
            </p>
        </form>
    }
}

/// What the server would say, as far as it can be known here.
fn refusal_of(moved: &Moved, quantity: i32) -> Option<Refusal> {
    let reason = Reason::of(&moved.reason)?;
    let Some(number) = reason.number(&moved.pieces) else { return Some(Refusal::NotANumber) };
    let there = reason.apply(quantity, number).filter(|there| (0..=MAX_QUANTITY).contains(there));
    if there.is_none() {
        return Some(Refusal::Beyond(quantity));
    }
    (moved.note.trim().chars().count() > MAX_NOTE).then_some(Refusal::Note)
}

/// What brings back the pieces that there were, or takes away those that came: those that the server moved, and not those that were
/// seen to move. Nothing, if none did.
fn way_back(adjusted: &Adjusted) -> Option<Moved> {
    let back = adjusted.from - adjusted.to;
    (back != 0).then(|| Moved {
        reason: Reason::Corrected.word().to_owned(),
        pieces: back.to_string(),
        note: "Undone".to_owned(),
    })
}

impl Adjusting {
    /// Shown at once, and taken back if the server refuses. What the form is to say of a refusal, if it is about what was typed.
    async fn send(self, live: &Live<Product>, moved: Moved) -> Result<Adjusted, Option<Refusal>> {
        let (reason, pieces) = (Reason::of(&moved.reason), moved.pieces.clone());
        let edit = live.edit(ProductKey { id: self.id }, move |row| {
            let after = reason.and_then(|reason| reason.apply(row.quantity, reason.number(&pieces)?));
            row.quantity = after.filter(|after| (0..=MAX_QUANTITY).contains(after)).unwrap_or(row.quantity);
        });
        let Unconfirmed { was_not, reason } = match adjust_stock(self.id, moved).await {
            Ok(Ok(adjusted)) => {
                edit.confirm(adjusted.committed.transaction);
                return Ok(adjusted);
            }
            Ok(Err(Refusal::Common(common))) => Unconfirmed::refused(&common),
            Ok(Err(refusal)) => return Err(Some(refusal)),
            Err(error) => Unconfirmed::failed(&error),
        };
        self.messages.refused(format!("The stock {was_not} adjusted. {reason}."));
        Err(None)
    }

    fn done(self, live: Live<Product>, adjusted: Adjusted) {
        let now = grouped(adjusted.to.into());
        let Some(back) = way_back(&adjusted) else {
            self.messages.done(format!("Counted: {now} pieces"));
            return;
        };
        self.messages.undoable(format!("The stock was adjusted to {now} pieces"), move || {
            let (live, back) = (live.clone(), back.clone());
            spawn_local(async move {
                match self.send(&live, back).await {
                    Ok(_) => self.messages.done("Undone"),
                    Err(Some(refusal)) => self.messages.refused(format!("That was not undone. {}.", refusal.message())),
                    Err(None) => {}
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inventory::Committed;

    #[test]
    fn the_way_back_is_that_of_what_the_server_moved() {
        let adjusted = |from, to| Adjusted { committed: Committed { id: 1, transaction: 2 }, from, to };
        // Ten were shown, and eight were there.
        let back = way_back(&adjusted(8, 12)).expect("there is one");
        assert_eq!((Reason::of(&back.reason), &*back.pieces), (Some(Reason::Corrected), "-4"));
        assert_eq!(Reason::Corrected.number(&back.pieces).and_then(|back| Reason::Corrected.apply(12, back)), Some(8));
        assert_eq!(way_back(&adjusted(12, 12)), None);
    }

    #[test]
    fn what_cannot_be_is_said_before_anything_is_sent() {
        let moved = |reason: Reason, pieces: &str| Moved {
            reason: reason.word().to_owned(),
            pieces: pieces.to_owned(),
            note: String::new(),
        };
        assert_eq!(refusal_of(&moved(Reason::Sold, "3"), 3), None);
        assert_eq!(refusal_of(&moved(Reason::Sold, "4"), 3), Some(Refusal::Beyond(3)));
        assert_eq!(refusal_of(&moved(Reason::Received, "1000000"), 1), Some(Refusal::Beyond(1)));
        assert_eq!(refusal_of(&moved(Reason::Received, "many"), 1), Some(Refusal::NotANumber));
        let note = Moved { note: "n".repeat(MAX_NOTE + 1), ..moved(Reason::Sold, "1") };
        assert_eq!(refusal_of(&note, 3), Some(Refusal::Note));
    }
}
