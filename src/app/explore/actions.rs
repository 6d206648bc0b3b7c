//! What the page asks: server functions for whoever is let in. A refusal is an answer, not an error of the transport.

use super::{
    ask::Ask,
    model::{Known, Log, Refusal},
};
use leptos::prelude::*;

/// The tables that whoever asks may read.
#[server(prefix = "/api", endpoint = "explore/tables", input = leptos::server_fn::codec::Json)]
pub async fn known_tables() -> Result<Result<Known, Refusal>, ServerFnError> {
    Ok(super::read::known().await)
}

/// The latest transactions that changed the rows that are asked for, as far as whoever asks may see them.
#[server(prefix = "/api", endpoint = "explore/changes", input = leptos::server_fn::codec::Json)]
pub async fn recent_changes(ask: Ask) -> Result<Result<Log, Refusal>, ServerFnError> {
    Ok(super::read::changes(&ask).await)
}
