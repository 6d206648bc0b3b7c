//! How a form that was sent without JavaScript is answered: the browser is led back to the product, with a notice.

use super::{
    page::address,
    refusal::{Notice, Refusal},
};
use crate::{
    app::{
        inventory::refusal::{MAX_NOTICE_BYTES, Refusal as Common},
        plain_form::wants_a_page,
        response::set_status,
    },
    identity::paths::{NOT_ALLOWED, encode},
};
use leptos::prelude::ServerFnError;

/// Passes `outcome` on to a program; leads a browser back to the product, with the notice of the outcome.
pub(super) fn answer<T: Clone>(
    id: i64,
    outcome: Result<T, Refusal>,
    notice: impl FnOnce(Result<(), Refusal>) -> Notice,
) -> Result<Result<T, Refusal>, ServerFnError> {
    if wants_a_page() {
        let notice = written(notice(outcome.clone().map(drop)));
        leptos_axum::redirect(&format!("{}?{}={}", address(id), Notice::PARAMETER, encode(&notice)));
        return Ok(outcome);
    }
    match outcome {
        Err(refusal @ Refusal::Common(Common::NotAllowed)) => {
            set_status(refusal.status());
            Err(ServerFnError::ServerError(NOT_ALLOWED.to_owned()))
        }
        outcome => Ok(outcome),
    }
}

/// The notice as the value of a parameter. What was typed is left out where it would not fit into an address.
fn written(notice: Notice) -> String {
    let text = |notice: &Notice| serde_json::to_string(notice).expect("a notice has string keys only");
    let whole = text(&notice);
    // Encoding a byte for the address takes three.
    if whole.len() <= MAX_NOTICE_BYTES / 3 {
        return whole;
    }
    let refusal = match notice {
        Notice::MoveRefused(_, refusal) => return text(&Notice::MoveRefused(Default::default(), refusal)),
        Notice::EditRefused(_, Refusal::Conflicts(_)) => Refusal::Conflicts(Vec::new()),
        Notice::EditRefused(_, refusal) => refusal,
        _ => return whole,
    };
    text(&Notice::EditRefused(Box::default(), refusal))
}
