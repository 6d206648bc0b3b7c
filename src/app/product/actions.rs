//! What people can do to one product: server functions, each of them also the target of a plain form.
//!
//! As with the inventory's, a refusal is an answer, and a browser without JavaScript is led back to the page with a notice.

use super::refusal::{Moved, Refusal};
use crate::app::inventory::{Committed, validate::Typed};
use leptos::prelude::*;

/// What the server says.
pub type Answer = Result<Committed, Refusal>;

/// Changes fields of a product: those that were `typed` otherwise than they were `seen`.
#[server(prefix = "/api", endpoint = "product/edit")]
pub async fn edit_product(
    id: i64,
    #[server(default)] typed: Typed,
    #[server(default)] seen: Typed,
) -> Result<Answer, ServerFnError> {
    let outcome = super::statements::edit(id, &typed, &seen).await;
    super::form_answer::answer(id, outcome, |outcome| match outcome {
        Ok(()) => super::refusal::Notice::Saved,
        Err(refusal) => super::refusal::Notice::EditRefused(Box::new((typed, seen)), refusal),
    })
}

/// Moves pieces of a product, for a reason.
#[server(prefix = "/api", endpoint = "product/adjust")]
pub async fn adjust_stock(id: i64, #[server(default)] moved: Moved) -> Result<Answer, ServerFnError> {
    let outcome = super::statements::adjust(id, &moved).await;
    super::form_answer::answer(id, outcome, |outcome| match outcome {
        Ok(()) => super::refusal::Notice::Moved,
        Err(refusal) => super::refusal::Notice::MoveRefused(moved, refusal),
    })
}
