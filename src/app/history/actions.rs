//! What pages ask of the past: server functions for those who work here.
//!
//! A refusal is an answer, not an error of the transport.

use super::model::{Comparison, Past, Refusal};
use leptos::prelude::*;

/// The inventory at a moment, and the moments around it; an empty `at` is the present.
#[server(prefix = "/api", endpoint = "history/past")]
pub async fn read_past(#[server(default)] at: String) -> Result<Result<Past, Refusal>, ServerFnError> {
    Ok(super::read::past(&at).await)
}

/// How the inventory differs between two moments, whichever is the earlier; an empty one, or `now`, is the present.
#[server(prefix = "/api", endpoint = "history/compare")]
pub async fn compare_past(at: String, and: String) -> Result<Result<Comparison, Refusal>, ServerFnError> {
    Ok(super::read::compare(&at, &and).await)
}
