//! A move: shown at once in both columns and in their totals, taken back with the reason if the server refuses. One that comes with
//! words is shown when the server has agreed.

use super::desk::{Desk, advance_id, grip_id, heading_id};
use crate::{
    app::{
        focus::{focus_if_lost, focus_soon},
        orders::{
            rows::{ByState, Order, OrderKey, StateTotals},
            telling::Unconfirmed,
        },
        time::Timestamp,
    },
    orders::{State, Step, StepDetails},
    store::{Edit, GroupKey},
};
use leptos::{prelude::*, task::spawn_local, web_sys::js_sys::Date};

const MICROS_PER_MILLI: i64 = 1_000;

/// Where the focus goes when a card has been moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    /// Where it is.
    Stays,
    /// With the card.
    Follows,
    /// To the button of the next card of the column, so that one key after the other works a column off.
    Next,
}

/// What shows a move before the server has agreed.
struct Shown {
    orders: [Edit<Order>; 2],
    totals: [Edit<StateTotals>; 2],
}

impl Desk {
    /// Moves an order by a step that needs no words.
    pub(super) fn move_order(self, order: Order, step: Step, focus: Focus) {
        let (id, from, to) = (order.id, order.state, step.target());
        if self.is_unanswered(id) {
            self.messages.refused(format!("Order {id} is being moved already. Wait for that to be saved."));
            return;
        }
        let after = match focus {
            Focus::Stays => Vec::new(),
            Focus::Follows => self.homes(id, to, from),
            Focus::Next => {
                let next = self.below(from, id, 1).or_else(|| self.below(from, id, -1));
                next.map(advance_id).into_iter().chain([heading_id(from)]).collect()
            }
        };
        let (steps, version) = (self.steps.get_value(), order.version);
        self.unanswered.update(|unanswered| unanswered.extend([id]));
        let shown = self.show(order, to);
        if !after.is_empty() {
            focus_soon(after);
        }
        spawn_local(async move {
            let outcome = steps.send(id, version, step, StepDetails::default()).await;
            let follows = focus != Focus::Stays;
            let is_left = self.unanswered.try_update(|unanswered| unanswered.remove(&id)).is_none();
            match outcome {
                Ok(done) => {
                    shown.confirm(done.transaction);
                    if is_left {
                        return;
                    }
                    self.said.set(format!("Order {id} is {} now.", done.state));
                    self.keep_focus(follows, self.homes(id, to, from));
                }
                Err(unconfirmed) => {
                    // Both columns show what they did before.
                    drop(shown);
                    self.messages.refused(unconfirmed.of_order(id, to));
                    if !is_left {
                        self.keep_focus(follows, self.homes(id, from, from));
                    }
                }
            }
        });
    }

    /// Ends an order for a reason. It is shown when the server has agreed, so that the reason is not lost if it does not.
    pub(super) async fn end_order(self, order: Order, step: Step, reason: String) -> Result<(), Unconfirmed> {
        let (id, from, to) = (order.id, order.state, step.target());
        let steps = self.steps.get_value();
        if self.is_unanswered(id) {
            let is_open = untrack(|| steps.is_open(id, order.version, step));
            return Err(Unconfirmed::not_done("It is being moved already; wait for that to be saved").after(is_open));
        }
        let details = StepDetails { note: reason, ..StepDetails::default() };
        self.unanswered.update(|unanswered| unanswered.extend([id]));
        let outcome = steps.send(id, order.version, step, details).await;
        let is_left = self.unanswered.try_update(|unanswered| unanswered.remove(&id)).is_none();
        if is_left {
            return outcome.map(drop);
        }
        match &outcome {
            Ok(done) => {
                self.show(order, to).confirm(done.transaction);
                self.said.set(format!("Order {id} is {} now.", done.state));
            }
            // Its row says what it is now.
            Err(unconfirmed) if unconfirmed.was_done_before() => {}
            Err(_) => return outcome.map(drop),
        }
        self.keep_focus(true, self.homes(id, to, from));
        outcome.map(drop)
    }

    fn is_unanswered(self, id: i64) -> bool {
        self.unanswered.with_untracked(|unanswered| unanswered.contains(&id))
    }

    /// Where the focus of a card goes that is in the column `state` now: a folded column shows none.
    fn homes(self, id: i64, state: State, from: State) -> Vec<String> {
        let shows = !untrack(|| self.is_folded(state));
        vec![grip_id(id), heading_id(if shows { state } else { from })]
    }

    /// A card that is drawn anew has lost the focus.
    fn keep_focus(self, follows: bool, homes: Vec<String>) {
        if follows {
            focus_if_lost(homes);
        }
    }

    fn show(self, order: Order, to: State) -> Shown {
        let (from, total) = (order.state, order.total.0);
        let moved = Order {
            state: to,
            version: order.version + 1,
            changed_at: Timestamp(Date::now() as i64 * MICROS_PER_MILLI),
            ..order
        };
        let more = move |state: State, orders: i64| {
            self.totals.edit(GroupKey { group: ByState { state } }, move |row| {
                row.count = row.count.saturating_add_signed(orders);
                if let Some(sum) = &mut row.sum.total {
                    sum.0 += total * orders;
                }
            })
        };
        Shown {
            orders: [self.column(from).orders.remove(OrderKey { id: moved.id }), self.column(to).orders.insert(moved)],
            totals: [more(from, -1), more(to, 1)],
        }
    }
}

impl Shown {
    fn confirm(self, transaction: u64) {
        self.orders.into_iter().for_each(|edit| edit.confirm(transaction));
        self.totals.into_iter().for_each(|edit| edit.confirm(transaction));
    }
}
