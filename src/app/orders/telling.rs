//! What a person is told of something that was not confirmed.
//!
//! Without an answer nobody knows whether it was carried out; the rows show it if it was.

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
}

impl Unconfirmed {
    pub(super) fn refused(refusal: &Refusal) -> Self {
        if refusal.code == RefusalCode::Unconfirmed {
            let reason = "The database did not confirm it".to_owned();
            return Self { was_not: MAY_NOT_HAVE_BEEN, reason, now: None };
        }
        // Its own message says that nothing was done.
        let reason = match (refusal.code, refusal.state) {
            (RefusalCode::VersionConflict, Some(state)) => format!("Meanwhile it has become {state}"),
            (RefusalCode::KeyReused, _) => {
                "It was sent before, with something else in it, and that was done; see what has become of it".to_owned()
            }
            _ => refusal.message.clone(),
        };
        Self { was_not: WAS_NOT, reason, now: refusal.state.zip(refusal.version) }
    }

    /// Nothing was done, and why: a sentence without its full stop.
    pub(super) fn not_done(reason: &str) -> Self {
        Self { was_not: WAS_NOT, reason: reason.to_owned(), now: None }
    }

    /// Whether it may have been carried out all the same.
    pub(super) fn is_open(&self) -> bool {
        self.was_not == MAY_NOT_HAVE_BEEN
    }

    /// All of it, of an order that did not become `to`.
    pub(super) fn of_order(&self, order: i64, to: State) -> String {
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
        Self { was_not: MAY_NOT_HAVE_BEEN, reason: "The server did not answer".to_owned(), now: None }
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
}
