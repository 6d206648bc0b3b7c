//! How a form that was sent without JavaScript is answered: the browser is led back to the import, with what was refused.

use super::{
    PATH,
    model::{Done, Notice, Refusal},
};
use crate::{
    app::{inventory::refusal::Refusal as Common, plain_form::wants_a_page, response::set_status},
    identity::paths::{NOT_ALLOWED, encode},
};
use leptos::prelude::ServerFnError;

/// Passes `outcome` on to a program; leads a browser to the import.
pub(super) fn answer(id: i64, outcome: Result<Done, Refusal>) -> Result<Result<Done, Refusal>, ServerFnError> {
    if wants_a_page() {
        let notice = outcome.as_ref().err().map(|refusal| Notice::Refused(refusal.clone()));
        let notice = notice.and_then(|notice| serde_json::to_string(&notice).ok());
        let notice = notice.map(|notice| format!("?{}={}", Notice::PARAMETER, encode(&notice)));
        leptos_axum::redirect(&format!("{PATH}/{id}{}", notice.unwrap_or_default()));
        return Ok(outcome);
    }
    told(outcome)
}

/// Passes it on to a program.
pub(super) fn told<T>(outcome: Result<T, Refusal>) -> Result<Result<T, Refusal>, ServerFnError> {
    match outcome {
        Err(Refusal::Common(refusal @ Common::NotAllowed)) => {
            set_status(refusal.status());
            Err(ServerFnError::ServerError(NOT_ALLOWED.to_owned()))
        }
        outcome => Ok(outcome),
    }
}
