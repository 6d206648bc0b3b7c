//! What pages ask of imports: server functions for those who work here, those that change something also the targets of plain forms.
//!
//! A refusal is an answer, not an error of the transport.

use super::model::{Done, Home, Refusal, View};
use leptos::prelude::*;

/// What somebody may bring, and has brought lately.
#[server(prefix = "/api", endpoint = "import/home")]
pub async fn import_home() -> Result<Result<Home, Refusal>, ServerFnError> {
    super::form_answer::told(super::look::home().await)
}

/// An import as its page shows it: those of its rows that `show` says.
#[server(prefix = "/api", endpoint = "import/look")]
pub async fn look_at_import(id: i64, #[server(default)] show: String) -> Result<Result<View, Refusal>, ServerFnError> {
    super::form_answer::told(super::look::look(id, super::model::Show::of(&show)).await)
}

/// Imports all rows, or nothing; with `leave_out` those without errors, or nothing. Once, however often it is asked for.
#[server(prefix = "/api", endpoint = "import/run")]
pub async fn run_import(id: i64, #[server(default)] leave_out: bool) -> Result<Result<Done, Refusal>, ServerFnError> {
    super::form_answer::answer(id, super::carry_out::run(id, leave_out).await)
}

/// Undoes an import. What others have changed since stays.
#[server(prefix = "/api", endpoint = "import/undo")]
pub async fn undo_import(id: i64) -> Result<Result<Done, Refusal>, ServerFnError> {
    super::form_answer::answer(id, super::undo::undo(id).await)
}
