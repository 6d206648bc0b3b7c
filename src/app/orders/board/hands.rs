//! Picking an order up, holding it over a column, putting it down: for pointer and keys alike. Everything is said as well as
//! shown.

use super::{
    carry::{Carried, Means, Outcome, neighbour},
    desk::{Desk, grip_id},
    moving::Focus,
};
use crate::{app::focus::focus_soon, orders::State};
use leptos::{ev::KeyboardEvent, prelude::*};

impl Desk {
    /// Takes an order into the hand.
    pub(super) fn pick_up(self, order: i64, from: State, means: Means) {
        let carried = Carried::new(order, from, means);
        self.carried.set(Some(carried));
        self.said.set(carried.picked_up());
    }

    /// Holds it over a column, or over none.
    pub(super) fn hold(self, carried: Carried) {
        if self.carried.get_untracked() != Some(carried) {
            self.carried.set(Some(carried));
            self.said.set(carried.held());
        }
    }

    /// Leaves it where it was.
    pub(super) fn let_go(self) {
        if let Some(carried) = self.carried.get_untracked() {
            self.carried.set(None);
            self.said.set(carried.stays());
        }
    }

    /// Puts it down where it is held.
    pub(super) fn put_down(self) {
        let Some(carried) = self.carried.get_untracked() else { return };
        let Some(over) = carried.over else { return self.let_go() };
        let outcome = carried.on(over);
        if let Outcome::Refused(reason) = outcome {
            let text = format!("Order {} was not {over}. {reason}.", carried.order);
            self.messages.refused(text);
            // Whoever uses keys is still on the way; whoever drags has let go.
            if carried.means == Means::Pointer {
                self.carried.set(None);
            }
            return;
        }
        let Some(order) = self.order(carried.from, carried.order) else { return self.let_go() };
        match outcome {
            Outcome::Moves(step) => {
                self.carried.set(None);
                let focus = if carried.means == Means::Keys { Focus::Follows } else { Focus::Stays };
                self.move_order(order, step, focus);
            }
            Outcome::Asks(step) => {
                self.carried.set(None);
                self.asked.set(Some((order, step)));
            }
            Outcome::Stays | Outcome::Refused(_) => self.let_go(),
        }
    }

    /// A key on the handle of a card.
    pub(super) fn key(self, key: &KeyboardEvent, order: i64, state: State) {
        let in_hand = self.carried.get_untracked().filter(|carried| carried.order == order);
        let (across, along) = match key.key().as_str() {
            "ArrowLeft" => (-1, 0),
            "ArrowRight" => (1, 0),
            "ArrowUp" => (0, -1),
            "ArrowDown" => (0, 1),
            " " | "Enter" => {
                key.prevent_default();
                match in_hand {
                    Some(_) => self.put_down(),
                    None => self.pick_up(order, state, Means::Keys),
                }
                return;
            }
            "Escape" if in_hand.is_some() => {
                key.prevent_default();
                return self.let_go();
            }
            _ => return,
        };
        key.prevent_default();
        match in_hand {
            Some(carried) if across != 0 => self.hold(carried.shifted(across)),
            Some(_) => {}
            None => {
                let next =
                    if across == 0 { self.below(state, order, along) } else { self.across(state, order, across) };
                next.into_iter().for_each(|next| focus_soon(vec![grip_id(next)]));
            }
        }
    }

    /// The card at the same height in the next column that shows any.
    fn across(self, state: State, order: i64, steps: isize) -> Option<i64> {
        let mut column = state;
        while let Some(next) = neighbour(column, steps) {
            column = next;
            let shows = !untrack(|| self.is_folded(column));
            if let Some(beside) = shows.then(|| self.beside(state, order, column)).flatten() {
                return Some(beside);
            }
        }
        None
    }
}

/// An order that somebody else moves is not in the hand any more.
pub(super) fn watch(desk: Desk) {
    Effect::new(move || {
        let Some(carried) = desk.carried.get() else { return };
        let column = desk.column(carried.from);
        if !column.orders.keys().iter().any(|key| key.id == carried.order) {
            desk.carried.set(None);
            desk.drag.set(None);
            desk.messages.refused(format!("Order {} was moved by somebody else meanwhile.", carried.order));
        }
    });
}
