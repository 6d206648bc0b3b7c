//! What a person is told of something that was not confirmed.
//!
//! Without an answer nobody knows whether it was carried out; the rows show it if it was. Nor does anybody know it after the next answer
//! under the same key, unless that one was decided with a look at the key: who was sent away at the door has learned nothing of the first
//! time.

use crate::{
    identity::paths,
    orders::{Refusal, RefusalCode, State},
};
use leptos::prelude::ServerFnError;

/// It is known that nothing was done.
const WAS_NOT: &str = "was not";
/// It is not known.
const MAY_NOT_HAVE_BEEN: &str = "may not have been";

/// What to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unconfirmed {
    /// “was not”, or “may not have been”.
    pub(super) was_not: &'static str,
    /// A sentence without its full stop.
    pub(super) reason: String,
    /// The order's state and version now, if the answer says so.
    pub(super) now: Option<(State, i64)>,
    /// What became of all that was sent under the same key before.
    before: Before,
}

/// What an answer says of what was sent under the same key before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Nothing: it was given without a look at the key.
    Unknown,
    /// The key was free, so nothing was done under it.
    NotDone,
    /// Something else was done under it.
    Done,
}

impl Before {
    fn of(code: RefusalCode) -> Self {
        match code {
            RefusalCode::KeyReused => Self::Done,
            // Decided in the transaction that has taken the key.
            RefusalCode::IllegalStep
            | RefusalCode::VersionConflict
            | RefusalCode::OutOfStock
            | RefusalCode::StockFull
            | RefusalCode::UnknownProduct
            | RefusalCode::UnknownCustomer => Self::NotDone,
            // The others may come from whoever looks at a request first.
            _ => Self::Unknown,
        }
    }
}

impl Unconfirmed {
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let before = Before::of(refusal.code);
        if refusal.code == RefusalCode::Unconfirmed {
            let reason = "The database did not confirm it".to_owned();
            return Self { was_not: MAY_NOT_HAVE_BEEN, reason, now: None, before };
        }
        let reason = match (refusal.code, refusal.state) {
            (RefusalCode::VersionConflict, Some(state)) => format!("Meanwhile it has become {state}"),
            (RefusalCode::KeyReused, _) => {
                "It was sent before, with something else in it, and that was done; see what has become of it".to_owned()
            }
            // Its own message says that nothing was done, which is known of this time only.
            (RefusalCode::Unavailable, _) => {
                "The database does not answer, or did not do it. Try again in a moment".to_owned()
            }
            _ => refusal.message.clone(),
        };
        Self { was_not: WAS_NOT, reason, now: refusal.state.zip(refusal.version), before }
    }

    /// Nothing was done, and why: a sentence without its full stop.
    pub(super) fn not_done(reason: &str) -> Self {
        Self { was_not: WAS_NOT, reason: reason.to_owned(), now: None, before: Before::Unknown }
    }

    /// Whether it may have been carried out all the same.
    pub(super) fn is_open(&self) -> bool {
        self.was_not == MAY_NOT_HAVE_BEEN
    }

    /// The same, if what was sent under the same key before may have been done: it still may, unless this answer tells.
    pub(super) fn after(self, is_open: bool) -> Self {
        let was_not = if is_open && self.before == Before::Unknown { MAY_NOT_HAVE_BEEN } else { self.was_not };
        Self { was_not, ..self }
    }

    /// Whether the same was done before, with other words.
    pub(super) fn was_done_before(&self) -> bool {
        self.before == Before::Done
    }

    /// All of it, of an order that did not become `to`.
    pub(super) fn of_order(&self, order: i64, to: State) -> String {
        if self.was_done_before() {
            return format!("Order {order} was {to} the first time, with what was typed then. Nothing was done again.");
        }
        format!("Order {order} {} {to}. {}.", self.was_not, self.reason)
    }

    /// No answer that a person could be told, or one of those who were asked before anything was done.
    pub(super) fn failed(error: &ServerFnError) -> Self {
        let error = error.to_string();
        if error.contains(paths::NOT_ALLOWED) {
            return Self::not_done("You may not do this");
        }
        if error.contains(paths::SIGNED_OUT) {
            return Self::not_done("You are signed out; sign in again");
        }
        Self {
            was_not: MAY_NOT_HAVE_BEEN,
            reason: "The server did not answer".to_owned(),
            now: None,
            before: Before::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{Standing, State, Step};

    #[test]
    fn people_are_told_what_happened_as_far_as_that_is_known() {
        let told = |text: &str| Unconfirmed::failed(&ServerFnError::ServerError(text.to_owned()));
        assert_eq!(told(paths::NOT_ALLOWED).reason, "You may not do this");
        assert_eq!([told(paths::SIGNED_OUT).is_open(), told("something else").is_open()], [false, true]);
        let unknown = Unconfirmed::refused(&Refusal::unconfirmed());
        assert!(unknown.is_open() && unknown.now.is_none(), "{unknown:?}");
        let now = Standing { state: State::Paid, version: 2, allowed: vec![Step::Pick] };
        let conflict = Unconfirmed::refused(&Refusal::conflict(7, 1, now));
        assert_eq!(conflict.of_order(7, State::Cancelled), "Order 7 was not cancelled. Meanwhile it has become paid.");
        assert_eq!(conflict.now, Some((State::Paid, 2)));
    }

    #[test]
    fn what_may_have_been_done_still_may_until_an_answer_tells() {
        let refused = |code| Unconfirmed::refused(&Refusal::new(code, "Why"));
        let failed = |text: &str| Unconfirmed::failed(&ServerFnError::ServerError(text.to_owned()));
        let unsettled =
            [RefusalCode::Unavailable, RefusalCode::SignedOut, RefusalCode::NotAllowed, RefusalCode::Invalid];
        let local = Unconfirmed::not_done("It is being moved already");
        let all =
            unsettled.map(refused).into_iter().chain([failed(paths::SIGNED_OUT), failed(paths::NOT_ALLOWED), local]);
        for one in all {
            assert!(!one.clone().after(false).is_open(), "{one:?}");
            assert!(one.clone().after(true).is_open(), "{one:?}");
        }
        for code in [RefusalCode::OutOfStock, RefusalCode::VersionConflict, RefusalCode::KeyReused] {
            assert!(!refused(code).after(true).is_open(), "{code:?}");
        }
        let unavailable = Unconfirmed::refused(&Refusal::unavailable()).after(true);
        assert!(!unavailable.of_order(7, State::Paid).contains("nothing was changed"), "{unavailable:?}");
    }

    #[test]
    fn what_was_done_the_first_time_is_not_told_as_not_done() {
        let reused = Unconfirmed::refused(&Refusal::new(RefusalCode::KeyReused, "Why"));
        let words = "Order 7 was cancelled the first time, with what was typed then. Nothing was done again.";
        assert_eq!(reused.of_order(7, State::Cancelled), words);
    }
}
