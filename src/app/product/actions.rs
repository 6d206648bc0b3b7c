//! What people can do to one product: server functions, each of them also the target of a plain form.
//!
//! As with the inventory's, a refusal is an answer, and a browser without JavaScript is led back to the page with a notice.

use super::refusal::{Moved, Refusal};
use crate::app::inventory::{Committed, validate::Typed};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the server says.
pub type Answer = Result<Committed, Refusal>;

/// Pieces that were moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjusted {
    /// The write.
    #[serde(flatten)]
    pub committed: Committed,
    /// How many there were, which may not be what was shown.
    pub from: i32,
    /// How many there are.
    pub to: i32,
}

/// What the server says of pieces.
pub type MoveAnswer = Result<Adjusted, Refusal>;

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
pub async fn adjust_stock(id: i64, #[server(default)] moved: Moved) -> Result<MoveAnswer, ServerFnError> {
    let outcome = super::statements::adjust(id, &moved).await;
    super::form_answer::answer(id, outcome, |outcome| match outcome {
        Ok(()) => super::refusal::Notice::Moved,
        Err(refusal) => super::refusal::Notice::MoveRefused(moved, refusal),
    })
}
