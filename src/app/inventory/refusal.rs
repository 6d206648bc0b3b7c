//! Why the inventory was not changed, and how that travels.
//!
//! Only codes travel, never sentences: what comes back in the address of a page (see [`Notice`]) could have been written
//! by anybody, and must not be able to put words into our mouth.

use super::bulk::{ManyRefusal, told};
use super::validate::{Field, Problem, Problems, Typed};
use crate::identity::paths;
use leptos::prelude::ServerFnError;
use serde::{Deserialize, Serialize};

/// Longest notice that is read from an address, in bytes.
pub const MAX_NOTICE_BYTES: usize = 8_192;

/// What a person is told of a write that was not confirmed. Without an answer nobody knows whether it was carried out;
/// the rows show it if it was.
pub(in crate::app) struct Unconfirmed {
    /// “was not”, or “may not have been”.
    pub(in crate::app) was_not: &'static str,
    /// A sentence without its full stop.
    pub(in crate::app) reason: String,
}

impl Unconfirmed {
    pub(in crate::app) fn refused(refusal: &Refusal) -> Self {
        let was_not = if *refusal == Refusal::Unavailable { "may not have been" } else { "was not" };
        Self { was_not, reason: refusal.message() }
    }

    /// No answer that a person could be told, or one of those who were asked before anything was done.
    pub(in crate::app) fn failed(error: &ServerFnError) -> Self {
        let error = error.to_string();
        if error.contains(paths::NOT_ALLOWED) {
            return Self::refused(&Refusal::NotAllowed);
        }
        if error.contains(paths::SIGNED_OUT) {
            return Self { was_not: "was not", reason: "You are signed out; sign in again".to_owned() };
        }
        Self::unanswered()
    }

    fn unanswered() -> Self {
        Self { was_not: "may not have been", reason: "The server did not answer".to_owned() }
    }
}

/// Why a write was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// These fields are wrong.
    Fields(Problems),
    /// There is no such product any more.
    Gone,
    /// A product with this key exists, so it need not be restored.
    Present,
    /// The database does not answer.
    Unavailable,
    /// Somebody else holds it, and did not let go of it in time.
    Busy,
    /// The database does not allow it, for a reason that this program does not know.
    Forbidden,
    /// Whoever asked does not work here.
    NotAllowed,
}

impl Refusal {
    /// One field is wrong.
    pub fn field(field: Field, problem: Problem) -> Self {
        Self::Fields(vec![(field, problem)])
    }

    /// For people.
    pub fn message(&self) -> String {
        match self {
            Self::Fields(problems) => {
                let messages: Vec<_> = problems.iter().map(|(field, problem)| problem.message(*field)).collect();
                messages.join(". ")
            }
            Self::Gone => "Somebody deleted this product in the meantime".to_owned(),
            Self::Present => "This product is there already".to_owned(),
            Self::Unavailable => "The database does not answer".to_owned(),
            Self::Busy => "Somebody else is changing this at the moment; try again".to_owned(),
            Self::NotAllowed => "Only staff may change the inventory".to_owned(),
            Self::Forbidden => "The database does not allow this change; the server's log says why".to_owned(),
        }
    }

    /// What is wrong with a field.
    pub fn about(&self, field: Field) -> Option<Problem> {
        let Self::Fields(problems) = self else { return None };
        problems.iter().find(|(of, _)| *of == field).map(|(_, problem)| *problem)
    }

    /// Everything that is wrong with fields.
    pub fn problems(&self) -> Problems {
        if let Self::Fields(problems) = self { problems.clone() } else { Problems::new() }
    }

    /// HTTP status of a page that shows it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Fields(_) => 422,
            Self::Gone => 410,
            Self::Present | Self::Busy => 409,
            Self::Forbidden | Self::NotAllowed => 403,
            Self::Unavailable => 503,
        }
    }
}

/// The outcome of a form that was sent without JavaScript, in the address of the page that the browser is led back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A quantity was saved.
    Saved(i64),
    /// A product was added.
    Added,
    /// A product was deleted.
    Deleted,
    /// A quantity was refused: of which product, what was typed, why.
    QuantityRefused(i64, String, Refusal),
    /// A product was refused.
    AddRefused(Box<Typed>, Refusal),
    /// A product was not deleted.
    DeleteRefused(Refusal),
    /// Pieces of so many products were moved; so many were not there.
    ManyAdjusted(usize, usize),
    /// They were not moved.
    ManyRefused(ManyRefusal),
}

impl Notice {
    /// The parameter of the address.
    pub const PARAMETER: &'static str = "notice";

    /// Reads the parameter. Nonsense is as if it were not there.
    pub fn read(text: &str) -> Option<Self> {
        (text.len() <= MAX_NOTICE_BYTES).then(|| serde_json::from_str(text).ok()).flatten()
    }

    /// The status of a page that shows it, if it is a refusal.
    pub fn refused(&self) -> Option<u16> {
        match self {
            Self::Saved(_) | Self::Added | Self::Deleted | Self::ManyAdjusted(..) => None,
            Self::QuantityRefused(_, _, refusal) | Self::AddRefused(_, refusal) | Self::DeleteRefused(refusal) => {
                Some(refusal.status())
            }
            Self::ManyRefused(refusal) => Some(refusal.status()),
        }
    }

    /// For people.
    pub fn message(&self) -> String {
        match self {
            Self::Saved(_) => "Quantity saved.".to_owned(),
            Self::Added => "Product added.".to_owned(),
            Self::Deleted => "Product deleted.".to_owned(),
            Self::QuantityRefused(_, _, refusal) => format!("The quantity was not changed. {}.", refusal.message()),
            Self::AddRefused(_, refusal) => format!("The product was not added. {}.", refusal.message()),
            Self::DeleteRefused(refusal) => format!("The product was not deleted. {}.", refusal.message()),
            Self::ManyAdjusted(count, gone) => format!("{}.", told(*count, *gone)),
            Self::ManyRefused(refusal) => format!("The stock was not adjusted. {}.", refusal.message()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_why_they_may_not() {
        let reason = |text: &str| Unconfirmed::failed(&ServerFnError::ServerError(text.to_owned())).reason;
        assert_eq!(reason(paths::NOT_ALLOWED), "Only staff may change the inventory");
        assert_eq!(reason(r#"{"error":"signed_out"}"#), "You are signed out; sign in again");
        assert_eq!(reason("something else"), "The server did not answer");
    }

    #[test]
    fn an_address_cannot_bring_its_own_sentences() {
        for text in ["", "{}", "\"You have been hacked\"", r#"{"forbidden":"call us"}"#, &"[".repeat(100_000)] {
            assert_eq!(Notice::read(text), None);
        }
    }
}
