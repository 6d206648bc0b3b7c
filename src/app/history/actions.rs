//! What pages ask of the past: server functions for those who work here.
//!
//! A refusal is an answer, not an error of the transport.

use super::model::{Comparison, Past, Refusal};
use leptos::prelude::*;

/// The inventory, or one product of it, at a moment, and the moments around it; an empty `at` is the present.
#[server(prefix = "/api", endpoint = "history/past")]
pub async fn read_past(
    #[server(default)] at: String,
    #[server(default)] product: Option<i64>,
) -> Result<Result<Past, Refusal>, ServerFnError> {
    Ok(super::read::past(&at, product).await)
}

/// How the inventory, or one product of it, differs between two moments, whichever is the earlier; an empty one, or `now`, is the present.
#[server(prefix = "/api", endpoint = "history/compare")]
pub async fn compare_past(
    at: String,
    and: String,
    #[server(default)] product: Option<i64>,
) -> Result<Result<Comparison, Refusal>, ServerFnError> {
    Ok(super::read::compare(&at, &and, product).await)
}
