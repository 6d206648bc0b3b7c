//! What a person can do about notifications: server functions, each of them also the target of a plain form.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What was marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// How many that were unread.
    pub count: u64,
    /// The database's number of the transaction, by which the browser recognises it in the stream of changes.
    pub transaction: u64,
}

/// Why nothing was marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Only who is signed in is told of anything.
    SignedOut,
    /// The database does not answer, or does not allow it.
    Unavailable,
}

/// What the server says.
pub type Answer = Result<Marked, Refusal>;

/// One has been read. `rows` is how many the page showed that a plain form leads back to.
#[server(prefix = "/api", endpoint = "notifications/mark-read")]
pub async fn mark_read(id: i64, #[server(default)] rows: u32) -> Result<Answer, ServerFnError> {
    Ok(super::form_answer::answer(rows, super::statements::mark(id, id).await))
}

/// All have been read, up to the newest one that the person was shown.
#[server(prefix = "/api", endpoint = "notifications/mark-all-read")]
pub async fn mark_all_read(up_to: i64, #[server(default)] rows: u32) -> Result<Answer, ServerFnError> {
    Ok(super::form_answer::answer(rows, super::statements::mark(0, up_to).await))
}
