//! How a form that was sent without JavaScript is answered: the browser is led on to a page, with a notice.

use super::{
    actions::Answer,
    board::Listing,
    notice::Notice,
    rows::{self, PAGE},
    wish::Wish,
};
use crate::{
    app::{plain_form::wants_a_page, response::set_status},
    identity::paths::NOT_ALLOWED,
    orders::{RefusalCode, Step},
};
use leptos::prelude::ServerFnError;

/// Passes `outcome` on to a program; leads a browser to the order, or back to the form.
pub(super) fn placed(wish: &Wish, outcome: Answer) -> Result<Answer, ServerFnError> {
    if wants_a_page() {
        leptos_axum::redirect(&match &outcome {
            Ok(done) => Notice::Placed.on(&rows::address(done.id)),
            Err(refusal) => {
                // The key is worth nothing any more; the form makes another.
                let is_used = refusal.code == RefusalCode::KeyReused;
                let key = if is_used { String::new() } else { wish.key.clone() };
                Notice::PlaceRefused(refusal.code).on(&Wish { key, ..wish.clone() }.address())
            }
        });
        return Ok(outcome);
    }
    told(outcome)
}

/// Passes `outcome` on to a program; leads a browser back to where it came from: the board, or the order.
pub(super) fn stepped(order: i64, step: Step, back: &str, outcome: Answer) -> Result<Answer, ServerFnError> {
    if wants_a_page() {
        let notice = match &outcome {
            Ok(_) => Notice::Done(order, step),
            Err(refusal) => Notice::StepRefused(order, step, refusal.code, refusal.state),
        };
        // Only what a listing can say is taken over, so that nobody is led anywhere else.
        let address = match back.split_once('?') {
            None if back != PAGE => rows::address(order),
            query => Listing::of_query(query.map_or("", |(_, query)| query)).address(),
        };
        leptos_axum::redirect(&notice.on(&address));
        return Ok(outcome);
    }
    told(outcome)
}

/// Passes `outcome` on to a program.
fn told(outcome: Answer) -> Result<Answer, ServerFnError> {
    match outcome {
        Err(refusal) if refusal.code == RefusalCode::NotAllowed => {
            set_status(refusal.code.status());
            Err(ServerFnError::ServerError(NOT_ALLOWED.to_owned()))
        }
        outcome => Ok(outcome),
    }
}
