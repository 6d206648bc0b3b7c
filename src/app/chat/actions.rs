//! What people do in chat: server functions, each of those that change something also the target of a plain form.
//!
//! A refusal is an answer, not an error of the transport.

use crate::chat::{Done, Found, Refusal, Someone};
use leptos::prelude::*;

/// What the server says to whoever does something with a message.
pub type Answer = Result<Done, Refusal>;

/// Says something. `account`: whose message it is, so that nobody else sends it who is signed in by now.
#[server(prefix = "/api", endpoint = "chat/send")]
pub async fn send_message(chat: i64, account: i64, key: String, text: String) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::send(chat, account, &key, &text).await;
    super::form_answer::sent(chat, &text, outcome.err());
    Ok(outcome)
}

/// Says something else in a message of one's own.
#[server(prefix = "/api", endpoint = "chat/edit")]
pub async fn edit_message(chat: i64, number: i64, text: String) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::edit(chat, number, &text).await;
    super::form_answer::edited(chat, number, &text, outcome.err());
    Ok(outcome)
}

/// Takes a message back.
#[server(prefix = "/api", endpoint = "chat/delete")]
pub async fn delete_message(chat: i64, number: i64) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::delete(chat, number).await;
    super::form_answer::changed(chat, Some(number), outcome.err());
    Ok(outcome)
}

/// A conversation was read up to a message.
#[server(prefix = "/api", endpoint = "chat/read")]
pub async fn read_chat(chat: i64, up_to: i64) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::read(chat, up_to).await;
    super::form_answer::changed(chat, None, outcome.err());
    Ok(outcome)
}

/// Opens a room; its number.
#[server(prefix = "/api", endpoint = "chat/open-room")]
pub async fn open_room(
    #[server(default)] name: String,
    #[server(default)] topic: String,
) -> Result<Result<i64, Refusal>, ServerFnError> {
    let outcome = super::carry_out::open_room(&name, &topic).await;
    super::form_answer::opened(&name, outcome);
    Ok(outcome)
}

/// Begins a private conversation with somebody; its number.
#[server(prefix = "/api", endpoint = "chat/begin")]
pub async fn begin_chat(person: i64) -> Result<Result<i64, Refusal>, ServerFnError> {
    let outcome = super::carry_out::begin(person).await;
    super::form_answer::opened("", outcome);
    Ok(outcome)
}

/// Messages that contain these words.
#[server(prefix = "/api", endpoint = "chat/search")]
pub async fn search_chat(#[server(default)] q: String) -> Result<Result<Vec<Found>, Refusal>, ServerFnError> {
    Ok(super::carry_out::search(&q).await)
}

/// People who can be written to, and whose names contain this.
#[server(prefix = "/api", endpoint = "chat/people")]
pub async fn find_people(#[server(default)] q: String) -> Result<Result<Vec<Someone>, Refusal>, ServerFnError> {
    Ok(super::carry_out::people(&q).await)
}

/// People who can be named in a conversation.
#[server(prefix = "/api", endpoint = "chat/nameable")]
pub async fn nameable_people(chat: i64) -> Result<Result<Vec<Someone>, Refusal>, ServerFnError> {
    Ok(super::carry_out::nameable(chat).await)
}
