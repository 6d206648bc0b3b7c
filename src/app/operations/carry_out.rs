//! Carries out what administrators ask, for those who are; leads a browser that sent a form back to the page.

use super::{
    PAGE,
    model::{Answer, COUNT, DONE, Done, Refusal},
};
use crate::{
    app::plain_form::wants_a_page,
    hub::{
        Principal,
        rooms::{Reached, Target},
    },
    identity::visitor::principal_asking,
    operations::{self, ActError, Operations, report::Everything},
    protocol::Role,
};
use leptos::prelude::use_context;

/// Who asks, if they may, and the server.
fn admin() -> Result<(Principal, Operations), Refusal> {
    let admin = principal_asking().filter(|asks| asks.role == Role::Admin && asks.tables.is_none());
    let admin = admin.ok_or(Refusal::NotAllowed)?;
    let operations = use_context::<Operations>().ok_or_else(|| {
        tracing::error!("a server function was called without the server in its context");
        Refusal::Unavailable
    })?;
    Ok((admin, operations))
}

pub(super) async fn read() -> Result<Everything, Refusal> {
    let (_, operations) = admin()?;
    Ok(operations.everything().await)
}

pub(super) async fn message(node: String, session: u64, person: String, text: &str) -> Answer {
    let (by, on) = admin()?;
    let reached = operations::message(&on, &by, &target(node, session, person), text).await.map_err(refusal)?;
    Ok(if reached == Reached::Here { Done::Told } else { Done::Asked })
}

pub(super) async fn disconnect(node: String, session: u64, person: String) -> Answer {
    let (by, on) = admin()?;
    let reached = operations::disconnect(&on, &by, &target(node, session, person)).await.map_err(refusal)?;
    Ok(if reached == Reached::Here { Done::Disconnected } else { Done::Asked })
}

pub(super) async fn sign_out(person: i64) -> Answer {
    let (by, on) = admin()?;
    operations::sign_out(&on, &by, person).await.map(Done::SignedOut).map_err(refusal)
}

pub(super) async fn broadcast(text: &str) -> Answer {
    let (by, on) = admin()?;
    operations::broadcast(&on, &by, text).await.map(|count| Done::Broadcast(count as u64)).map_err(refusal)
}

/// Passes an outcome on to a program; leads a browser back to the page, with what became of its form.
pub(super) fn answer(outcome: Answer) -> Answer {
    if wants_a_page() {
        leptos_axum::redirect(&format!("{PAGE}?{}", query(outcome)));
    }
    outcome
}

fn target(node: String, session: u64, person: String) -> Target {
    Target { node, session, person: Some(person).filter(|person| !person.is_empty()) }
}

fn refusal(error: ActError) -> Refusal {
    match error {
        ActError::Text => Refusal::Text,
        ActError::Nobody => Refusal::Nobody,
        error @ (ActError::Database(_) | ActError::Ledger(_)) => {
            tracing::warn!(%error, "what an administrator wanted to do was not done");
            Refusal::Unavailable
        }
    }
}

/// As a query of an address.
fn query(answer: Answer) -> String {
    let (word, count) = match answer {
        Ok(Done::Told) => ("told", None),
        Ok(Done::Disconnected) => ("disconnected", None),
        Ok(Done::Asked) => ("asked", None),
        Ok(Done::SignedOut(count)) => ("signed-out", Some(count)),
        Ok(Done::Broadcast(count)) => ("broadcast", Some(count)),
        Err(Refusal::NotAllowed) => ("not-allowed", None),
        Err(Refusal::Text) => ("text", None),
        Err(Refusal::Nobody) => ("nobody", None),
        Err(Refusal::Unavailable) => ("unavailable", None),
    };
    let count = count.map(|count| format!("&{COUNT}={count}")).unwrap_or_default();
    format!("{DONE}={word}{count}")
}

#[cfg(test)]
mod tests {
    use super::{super::model::read, *};

    #[test]
    fn what_became_of_a_form_survives_the_way_through_the_address_and_nothing_else_does() {
        let all = [
            Ok(Done::Told),
            Ok(Done::Disconnected),
            Ok(Done::Asked),
            Ok(Done::SignedOut(3)),
            Ok(Done::Broadcast(40)),
            Err(Refusal::NotAllowed),
            Err(Refusal::Text),
            Err(Refusal::Nobody),
            Err(Refusal::Unavailable),
        ];
        for answer in all {
            let query = query(answer);
            let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            assert_eq!(read(value(DONE).expect("a word"), value(COUNT)), Some(answer));
        }
        assert_eq!((read("<b>", None), read("broadcast", Some("many")), read("broadcast", None)), (None, None, None));
    }
}
