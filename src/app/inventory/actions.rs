//! What people can do to the inventory: server functions, each of them also the target of a plain form.
//!
//! A refusal is an answer, not an error of the transport: it comes with status 200, as data; only whoever may not ask at all is
//! answered 401 or 403. A browser without JavaScript
//! is led back to the page it came from, with a `Notice` in the address.

use super::{product::Product, refusal::Refusal, validate::Typed};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A write that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The product.
    pub id: i64,
    /// The database's number of the transaction, by which the browser recognises it in the stream of changes.
    pub transaction: u64,
}

/// What the server says to a write.
pub type Answer = Result<Committed, Refusal>;

/// Sets the number of pieces in stock. `back` is the query of the page that a plain form leads back to.
#[server(prefix = "/api", endpoint = "inventory/set-quantity")]
pub async fn set_quantity(
    id: i64,
    #[server(default)] quantity: String,
    #[server(default)] back: String,
) -> Result<Answer, ServerFnError> {
    let outcome = super::statements::set_quantity(id, &quantity).await;
    super::form_answer::answer(&back, outcome, |outcome| match outcome {
        Ok(_) => super::refusal::Notice::Saved(id),
        Err(refusal) => super::refusal::Notice::QuantityRefused(id, quantity, refusal),
    })
}

/// Adds a product.
#[server(prefix = "/api", endpoint = "inventory/add-product")]
pub async fn add_product(
    #[server(default)] product: Typed,
    #[server(default)] back: String,
) -> Result<Answer, ServerFnError> {
    let outcome = super::statements::add(&product).await;
    super::form_answer::answer(&back, outcome, |outcome| match outcome {
        Ok(_) => super::refusal::Notice::Added,
        Err(refusal) => super::refusal::Notice::AddRefused(Box::new(product), refusal),
    })
}

/// Deletes a product.
#[server(prefix = "/api", endpoint = "inventory/delete-product")]
pub async fn delete_product(id: i64, #[server(default)] back: String) -> Result<Answer, ServerFnError> {
    let outcome = super::statements::delete(id).await;
    super::form_answer::answer(&back, outcome, |outcome| match outcome {
        Ok(_) => super::refusal::Notice::Deleted,
        Err(refusal) => super::refusal::Notice::DeleteRefused(refusal),
    })
}

/// Brings a deleted product back, under the same key.
#[server(prefix = "/api", endpoint = "inventory/restore-product", input = leptos::server_fn::codec::Json)]
pub async fn restore_product(product: Product) -> Result<Answer, ServerFnError> {
    super::form_answer::told(super::statements::restore(&product).await)
}
