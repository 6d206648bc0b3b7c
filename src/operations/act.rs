//! What administrators do to sessions and people. It is in the ledger before it is done; whoever calls this has seen to it that they may.

use super::{
    Operations,
    report::{ANNOUNCEMENT, MAX_TEXT},
};
use crate::{
    changelog::statement,
    hub::{
        Principal,
        rooms::{Reached, Target},
    },
    identity::login,
    ledger::{self, AppendError, Expected, Metadata, NewEvent},
};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

/// Where it is kept what was done.
const STREAM: &str = "operations";
/// The form that the data of the events has.
const SCHEMA: i16 = 1;

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is nothing to say, or too much.
    #[error("a message has 1 to {MAX_TEXT} characters")]
    Text,
    /// There is no such session, person or server.
    #[error("there is no such session (any more)")]
    Nobody,
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The ledger does not take it.
    #[error(transparent)]
    Ledger(#[from] AppendError),
}

/// Says something to one session.
pub async fn message(on: &Operations, by: &Principal, target: &Target, text: &str) -> Result<Reached, ActError> {
    let text = fit(text)?;
    reachable(on, target)?;
    record(on, by, "MessageSent", about(on, target).await?, |told| told["text"] = json!(text)).await?;
    let payload = json!({ "text": text });
    happened(on.hub().tell_session(target, by, ANNOUNCEMENT, &payload).map_err(|_| ActError::Text)?)
}

/// Ends one session. Its page comes back by itself.
pub async fn disconnect(on: &Operations, by: &Principal, target: &Target) -> Result<Reached, ActError> {
    reachable(on, target)?;
    record(on, by, "SessionDisconnected", about(on, target).await?, |_| ()).await?;
    happened(on.hub().end_session(target))
}

/// Signs a person out in every browser; how many that were. Servers learn it from the database.
pub async fn sign_out(on: &Operations, by: &Principal, person: i64) -> Result<u64, ActError> {
    let name = name_of(on, Some(&person.to_string())).await?.ok_or(ActError::Nobody)?;
    let mut transaction = statement::begin(on.pool()).await?;
    let ended = login::end_all_within(&mut transaction, person).await?;
    let data = json!({ "person": person.to_string(), "name": name, "logins": ended });
    append(&mut transaction, by, "PersonSignedOut", data).await?;
    transaction.commit().await?;
    Ok(ended)
}

/// Says something to everybody. To how many sessions of this server it went.
pub async fn broadcast(on: &Operations, by: &Principal, text: &str) -> Result<usize, ActError> {
    let text = fit(text)?;
    let data = json!({ "text": text, "sessions": on.hub().session_count() });
    record(on, by, "BroadcastSent", data, |_| ()).await?;
    on.hub().proclaim(by, ANNOUNCEMENT, &json!({ "text": text })).map_err(|_| ActError::Text)
}

/// What is said, without the blanks around it.
fn fit(text: &str) -> Result<&str, ActError> {
    let text = text.trim();
    let fits = (1..=MAX_TEXT).contains(&text.chars().count());
    let is_text = !text.chars().any(|sign| sign.is_control() && sign != '\n' && sign != '\r');
    if fits && is_text { Ok(text) } else { Err(ActError::Text) }
}

fn reachable(on: &Operations, target: &Target) -> Result<(), ActError> {
    happened(on.hub().reach_session(target)).map(drop)
}

fn happened(reached: Reached) -> Result<Reached, ActError> {
    if reached == Reached::Nobody { Err(ActError::Nobody) } else { Ok(reached) }
}

/// What an event tells of a session.
async fn about(on: &Operations, target: &Target) -> Result<Value, ActError> {
    let Target { node, session, person } = target;
    let name = name_of(on, person.as_deref()).await?;
    Ok(json!({ "node": node, "session": session, "person": person, "name": name }))
}

async fn name_of(on: &Operations, person: Option<&str>) -> Result<Option<String>, ActError> {
    let Some(account) = person.and_then(|person| person.parse::<i64>().ok()) else { return Ok(None) };
    let name = statement::query("select name from rowcast.account where id = $1").bind(account);
    Ok(statement::first::<(String,)>(on.pool(), name).await?.map(|(name,)| name))
}

async fn record(
    on: &Operations,
    by: &Principal,
    kind: &str,
    mut data: Value,
    add: impl FnOnce(&mut Value),
) -> Result<(), ActError> {
    add(&mut data);
    let mut transaction = statement::begin(on.pool()).await?;
    append(&mut transaction, by, kind, data).await?;
    Ok(transaction.commit().await?)
}

async fn append(
    transaction: &mut Transaction<'_, Postgres>,
    by: &Principal,
    kind: &str,
    data: Value,
) -> Result<(), ActError> {
    let who_name = match &*by.name {
        "" => format!("Somebody without an account ({})", by.role),
        name => name.to_owned(),
    };
    let who = Metadata { who: by.id(), who_name, ..Metadata::default() };
    let event = NewEvent { kind: kind.to_owned(), schema: SCHEMA, data };
    ledger::append(transaction, STREAM, Expected::Any, &[event], &who).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_text_that_is_not_too_long() {
        assert_eq!(fit("  two\nlines \n").ok(), Some("two\nlines"));
        for text in ["", "  \n", "a\0b", "\u{1b}[2J", &"é".repeat(MAX_TEXT + 1)] {
            assert!(fit(text).is_err(), "{text:?}");
        }
        assert!(fit(&"é".repeat(MAX_TEXT)).is_ok());
    }
}
