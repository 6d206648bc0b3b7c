//! What administrators ask and do: server functions, each action also the target of a plain form. A refusal is an answer, not an error of the
//! transport.

use super::model::{Answer, Refusal};
use crate::operations::report::Everything;
use leptos::prelude::*;

/// All that this server tells of itself.
#[server(prefix = "/api", endpoint = "operations/read", input = leptos::server_fn::codec::Json)]
pub async fn read_operations() -> Result<Result<Everything, Refusal>, ServerFnError> {
    Ok(super::carry_out::read().await)
}

/// Says something to one session. `node` and `person` (empty for nobody in particular) say which and whose it is.
#[server(prefix = "/api", endpoint = "operations/message")]
pub async fn message_session(
    node: String,
    session: u64,
    #[server(default)] person: String,
    #[server(default)] text: String,
) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::message(node, session, person, &text).await;
    Ok(super::carry_out::answer(outcome))
}

/// Disconnects one session; its page comes back by itself.
#[server(prefix = "/api", endpoint = "operations/disconnect")]
pub async fn disconnect_session(
    node: String,
    session: u64,
    #[server(default)] person: String,
) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::disconnect(node, session, person).await;
    Ok(super::carry_out::answer(outcome))
}

/// Signs a person out in every browser.
#[server(prefix = "/api", endpoint = "operations/sign-out")]
pub async fn sign_out_person(person: i64) -> Result<Answer, ServerFnError> {
    Ok(super::carry_out::answer(super::carry_out::sign_out(person).await))
}

/// Says something to everybody who has a page open.
#[server(prefix = "/api", endpoint = "operations/broadcast")]
pub async fn broadcast_to_all(#[server(default)] text: String) -> Result<Answer, ServerFnError> {
    Ok(super::carry_out::answer(super::carry_out::broadcast(&text).await))
}
