//! What the page asks: server functions for administrators. A refusal is an answer, not an error of the transport.

use super::{
    model::{Found, Refusal},
    search::Search,
};
use leptos::prelude::*;

/// A page of events, the newest first.
#[server(prefix = "/api", endpoint = "audit/search", input = leptos::server_fn::codec::Json)]
pub async fn search_audit(search: Search) -> Result<Result<Found, Refusal>, ServerFnError> {
    Ok(super::read::found(&search).await)
}

/// How many events of a search have come since a snapshot that was told with a page of it, at most a thousand.
#[server(prefix = "/api", endpoint = "audit/newer", input = leptos::server_fn::codec::Json)]
pub async fn count_newer(search: Search, than: String) -> Result<Result<u32, Refusal>, ServerFnError> {
    Ok(super::read::newer(&search, &than).await)
}
