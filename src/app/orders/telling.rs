//! What a person is told of something that was not confirmed.
//!
//! Without an answer nobody knows whether it was carried out; the rows show it if it was.

use crate::{
    identity::paths,
    orders::{Refusal, RefusalCode},
};
use leptos::prelude::ServerFnError;

/// What to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unconfirmed {
    /// “was not”, or “may not have been”.
    pub(super) was_not: &'static str,
    /// A sentence without its full stop.
    pub(super) reason: String,
}

impl Unconfirmed {
    pub(super) fn refused(refusal: &Refusal) -> Self {
        if refusal.code == RefusalCode::Unconfirmed {
            // Whoever sends the form again sends its key again.
            let reason = "The database did not confirm it; send it again, it is done once".to_owned();
            return Self { was_not: "may not have been", reason };
        }
        // Its own message says that nothing was done.
        let reason = match (refusal.code, refusal.state) {
            (RefusalCode::VersionConflict, Some(state)) => format!("Meanwhile it has become {state}"),
            _ => refusal.message.clone(),
        };
        Self { was_not: "was not", reason }
    }

    /// No answer that a person could be told, or one of those who were asked before anything was done.
    pub(super) fn failed(error: &ServerFnError) -> Self {
        let error = error.to_string();
        let reason = |reason: &str| Self { was_not: "was not", reason: reason.to_owned() };
        if error.contains(paths::NOT_ALLOWED) {
            return reason("You may not do this");
        }
        if error.contains(paths::SIGNED_OUT) {
            return reason("You are signed out; sign in again");
        }
        Self { was_not: "may not have been", reason: "The server did not answer".to_owned() }
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
        assert_eq!(told("something else").was_not, "may not have been");
        let unknown = Unconfirmed::refused(&Refusal::unconfirmed());
        assert_eq!(unknown.was_not, "may not have been");
        assert!(unknown.reason.contains("send it again"), "{}", unknown.reason);
        let now = Standing { state: State::Paid, version: 2, allowed: vec![Step::Pick] };
        assert_eq!(Unconfirmed::refused(&Refusal::conflict(7, 1, now)).reason, "Meanwhile it has become paid");
    }
}
