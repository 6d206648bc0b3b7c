//! Above the list while somebody picks: how many are picked, and what is to become of them.

use super::{
    actions::{AdjustMany, MOST, ManyRefusal, adjust_many, move_back, told},
    picks::{FORM, PARAMETER},
};
use crate::{
    app::{
        inventory::{Product, ProductKey, grouped, refusal::Unconfirmed, sheet::Sheet, validate::MAX_QUANTITY},
        product::{Moved, Reason},
        toast::{Messages, use_messages},
    },
    store::{Edit, Live},
};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

/// In the heading.
#[component]
pub(in crate::app::inventory) fn PickButton() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let picks = sheet.picks;
    let address = sheet.listing.with_untracked(|listing| listing.address_with(&[(PARAMETER, "1")]));
    view! {
        <button
            type="button"
            class="button scripted"
            aria-pressed=move || picks.is_on().to_string()
            on:click=move |_| picks.toggle()
        >
            "Select"
        </button>
        <a class="button plain" href=address>
            "Select"
        </a>
    }
}

/// The form.
#[component]
pub(in crate::app::inventory) fn BulkBar() -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let picks = sheet.picks;
    move || {
        let sheet = sheet.clone();
        picks.is_on().then(|| view! { <Bar sheet /> })
    }
}

#[component]
fn Bar(sheet: Sheet) -> impl IntoView {
    let Sheet { picks, arrangement, live, listing, .. } = sheet;
    let messages = use_messages();
    let chosen = Memo::new(move |_| arrangement.with(|arrangement| picks.among(&arrangement.keys)));
    let all = Memo::new(move |_| arrangement.with(|arrangement| arrangement.keys.len()));
    let count = move || chosen.with(Vec::len);
    let reason = RwSignal::new(Reason::Received);
    let pieces = RwSignal::new(String::new());
    let sending = RwSignal::new(false);
    let submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        let (ids, reason) = (chosen.get_untracked(), reason.get_untracked());
        let problem = match (ids.len(), reason.number(&pieces.get_untracked())) {
            (0, _) => Some(ManyRefusal::None),
            (count, _) if count > MOST => Some(ManyRefusal::TooMany),
            (_, None) => Some(ManyRefusal::NotANumber),
            _ => None,
        };
        if let Some(refusal) = problem {
            return messages.refused(format!("{}.", refusal.message()));
        }
        if sending.get_untracked() {
            return;
        }
        sending.set(true);
        let moved = Moved { reason: reason.word().to_owned(), pieces: pieces.get_untracked(), note: String::new() };
        let live = live.clone();
        spawn_local(async move {
            let is_done = send(&live, ids, moved, messages).await;
            sending.try_set(false);
            if is_done {
                pieces.try_set(String::new());
                picks.put([]);
            }
        });
    };
    let reasons = Reason::ALL.map(|one| view! { <option value=one.word()>{one.label()}</option> }).collect_view();
    let back = listing.with_untracked(|listing| listing.address());
    let pick_all =
        move |_| arrangement.with_untracked(|arrangement| picks.put(arrangement.keys.iter().copied().take(MOST)));
    let end = back.clone();
    view! {
        <form
            id=FORM
            class="bulk"
            method="post"
            action=AdjustMany::PATH
            aria-label="Change the products that are selected"
            on:submit=submit
        >
            <input type="hidden" name="back" value=back />
            <p class="bulk-count scripted" role="status">
                {move || format!("{} selected", grouped(count() as i64))}
            </p>
            <button type="button" class="button scripted" on:click=pick_all>
                {move || {
                    let all = all.get();
                    if all > MOST { format!("Select the first {MOST}") } else { format!("Select all {}", grouped(all as i64)) }
                }}
            </button>
            <label class="bulk-reason">
                <span class="unseen">"What happened"</span>
                <select
                    name="moved[reason]"
                    on:change=move |change| {
                        reason.set(Reason::of(&event_target_value(&change)).unwrap_or(Reason::Received));
                    }
                >
                    {reasons}
                </select>
            </label>
            <label class="bulk-pieces">
                <span class="unseen">"Pieces of each"</span>
                <input
                    name="moved[pieces]"
                    inputmode="numeric"
                    autocomplete="off"
                    placeholder="Pieces"
                    prop:value=pieces
                    on:input=move |input| pieces.set(event_target_value(&input))
                />
            </label>
            <button class="button primary" aria-disabled=move || (sending.get()).to_string()>
                "Adjust"
            </button>
            <button type="button" class="button scripted" on:click=move |_| picks.toggle()>
                "Done"
            </button>
            <a class="button plain" href=end>
                "Done"
            </a>
        </form>
    }
}

/// Shown at once, and taken back if the server refuses. Whether it was done.
async fn send(live: &Live<Product>, ids: Vec<i64>, moved: Moved, messages: Messages) -> bool {
    let number = Reason::of(&moved.reason).and_then(|reason| Some((reason, reason.number(&moved.pieces)?)));
    let show = |id: &i64| {
        live.edit(ProductKey { id: *id }, move |row: &mut Product| {
            let after = number.and_then(|(reason, number)| reason.apply(row.quantity, number));
            row.quantity = after.filter(|after| (0..=MAX_QUANTITY).contains(after)).unwrap_or(row.quantity);
        })
    };
    let edits: Vec<Edit<Product>> = ids.iter().map(show).collect();
    let Unconfirmed { was_not, reason } = match adjust_many(ids, moved, String::new()).await {
        Ok(Ok(done)) => {
            edits.into_iter().for_each(|edit| edit.confirm(done.transaction));
            let (live, moves) = (live.clone(), done.moves);
            let undo_moves: Vec<(i64, i32)> = moves.iter().map(|(id, change)| (*id, -change)).collect();
            let told = told(moves.len(), done.gone);
            messages.undoable(told, move || undo(&live, undo_moves.clone(), messages));
            return true;
        }
        Ok(Err(ManyRefusal::Common(common))) => Unconfirmed::refused(&common),
        Ok(Err(refusal)) => Unconfirmed { was_not: "was not", reason: refusal.message() },
        Err(error) => Unconfirmed::failed(&error),
    };
    messages.refused(format!("The stock {was_not} adjusted. {reason}."));
    false
}

fn undo(live: &Live<Product>, moves: Vec<(i64, i32)>, messages: Messages) {
    let show = |(id, change): &(i64, i32)| {
        let change = *change;
        live.edit(ProductKey { id: *id }, move |row: &mut Product| row.quantity += change)
    };
    let edits: Vec<Edit<Product>> = moves.iter().map(show).collect();
    spawn_local(async move {
        let Unconfirmed { was_not, reason } = match move_back(moves).await {
            Ok(Ok(done)) => {
                edits.into_iter().for_each(|edit| edit.confirm(done.transaction));
                return messages.done("Undone");
            }
            Ok(Err(ManyRefusal::Common(common))) => Unconfirmed::refused(&common),
            Ok(Err(refusal)) => Unconfirmed { was_not: "was not", reason: refusal.message() },
            Err(error) => Unconfirmed::failed(&error),
        };
        messages.refused(format!("That {was_not} undone. {reason}."));
    });
}
