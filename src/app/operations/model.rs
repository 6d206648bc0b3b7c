//! What became of an action, as the server says it and as addresses have it. Pure.

use crate::operations::report::MAX_TEXT;
use serde::{Deserialize, Serialize};

/// It was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    /// A session was told something.
    Told,
    /// A session was disconnected.
    Disconnected,
    /// Another server was asked to.
    Asked,
    /// Somebody was signed out in so many browsers.
    SignedOut(u64),
    /// So many sessions of this server were told something, and those of the others.
    Broadcast(u64),
}

/// Why it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Not for this person.
    NotAllowed,
    /// There is nothing to say, or too much.
    Text,
    /// There is no such session or person any more.
    Nobody,
    /// The database does not answer.
    Unavailable,
}

impl Refusal {
    /// For people.
    pub(super) fn message(self) -> String {
        match self {
            Self::NotAllowed => "Only administrators may do that.".to_owned(),
            Self::Text => format!("A message has 1 to {MAX_TEXT} characters."),
            Self::Nobody => "That session or person is not there any more.".to_owned(),
            Self::Unavailable => "The database does not answer. Try again in a moment.".to_owned(),
        }
    }

    /// The status of a page that says so.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::NotAllowed => 403,
            Self::Text => 422,
            Self::Nobody => 404,
            Self::Unavailable => 503,
        }
    }
}

/// What a server function says.
pub type Answer = Result<Done, Refusal>;

/// The parameters of the address that say what became of a form.
pub(super) const DONE: &str = "done";
pub(super) const COUNT: &str = "count";

/// For people.
pub(super) fn message(answer: Answer) -> String {
    match answer {
        Ok(Done::Told) => "The message is on its way.".to_owned(),
        Ok(Done::Disconnected) => "The session was disconnected.".to_owned(),
        Ok(Done::Asked) => "The session’s server was asked to do that.".to_owned(),
        Ok(Done::SignedOut(0)) => "They were not signed in anywhere.".to_owned(),
        Ok(Done::SignedOut(1)) => "Signed out in one browser.".to_owned(),
        Ok(Done::SignedOut(count)) => format!("Signed out in {count} browsers."),
        Ok(Done::Broadcast(1)) => "Sent to the one page that is open at this server.".to_owned(),
        Ok(Done::Broadcast(count)) => format!("Sent to all {count} pages that are open at this server."),
        Err(refusal) => refusal.message(),
    }
}

/// Reads it. Nonsense is as if it were not there.
pub(super) fn read(word: &str, count: Option<&str>) -> Option<Answer> {
    let count = || count?.parse().ok();
    Some(match word {
        "told" => Ok(Done::Told),
        "disconnected" => Ok(Done::Disconnected),
        "asked" => Ok(Done::Asked),
        "signed-out" => Ok(Done::SignedOut(count()?)),
        "broadcast" => Ok(Done::Broadcast(count()?)),
        "not-allowed" => Err(Refusal::NotAllowed),
        "text" => Err(Refusal::Text),
        "nobody" => Err(Refusal::Nobody),
        "unavailable" => Err(Refusal::Unavailable),
        _ => return None,
    })
}
