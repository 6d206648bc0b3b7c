//! Why a product was not changed, and how that travels. Only codes and values travel, never sentences.

use super::fields::Conflict;
use crate::app::inventory::{
    refusal::Refusal as Common,
    validate::{MAX_QUANTITY, Typed},
};
use serde::{Deserialize, Serialize};

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody else changed the same fields.
    Conflicts(Vec<Conflict>),
    /// It is not a number of pieces.
    NotANumber,
    /// There would be fewer than none, or more than there can be; so many there are.
    Beyond(i32),
    /// The note is too long, or more than a line.
    Note,
    /// As for any change of the inventory.
    Common(Common),
}

impl From<Common> for Refusal {
    fn from(refusal: Common) -> Self {
        Self::Common(refusal)
    }
}

impl Refusal {
    /// For people, without a full stop.
    pub fn message(&self) -> String {
        match self {
            Self::Conflicts(conflicts) => {
                let fields: Vec<_> = conflicts.iter().map(|conflict| conflict.field.label()).collect();
                format!("Somebody else has changed this meanwhile: {}", fields.join(", "))
            }
            Self::NotANumber => "Pieces must be a whole number, and not none".to_owned(),
            Self::Beyond(left) => {
                format!("There are {left} pieces now; there cannot be fewer than none, or more than {MAX_QUANTITY}")
            }
            Self::Note => "A note is one line of at most 200 characters".to_owned(),
            Self::Common(refusal) => refusal.message(),
        }
    }

    /// HTTP status of a page that shows it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Conflicts(_) => 409,
            Self::NotANumber | Self::Beyond(_) | Self::Note => 422,
            Self::Common(refusal) => refusal.status(),
        }
    }
}

/// What somebody typed to move pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// A [`Reason`](super::movement::Reason)'s word.
    pub reason: String,
    /// As typed.
    pub pieces: String,
    /// As typed.
    pub note: String,
}

/// The outcome of a form that was sent without JavaScript, in the address of the page that the browser is led back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The product was changed.
    Saved,
    /// Pieces were moved.
    Moved,
    /// It was not changed: what was typed, what had been seen, why.
    EditRefused(Box<(Typed, Typed)>, Refusal),
    /// They were not moved.
    MoveRefused(Moved, Refusal),
}

impl Notice {
    /// The parameter of the address.
    pub const PARAMETER: &'static str = "notice";

    /// Reads the parameter. Nonsense is as if it were not there.
    pub fn read(text: &str) -> Option<Self> {
        let is_read = text.len() <= crate::app::inventory::refusal::MAX_NOTICE_BYTES;
        is_read.then(|| serde_json::from_str(text).ok()).flatten()
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Saved | Self::Moved => None,
            Self::EditRefused(_, refusal) | Self::MoveRefused(_, refusal) => Some(refusal),
        }
    }

    /// For people.
    pub fn message(&self) -> String {
        match self {
            Self::Saved => "Saved.".to_owned(),
            Self::Moved => "The stock was adjusted.".to_owned(),
            Self::EditRefused(_, refusal) => format!("The product was not changed. {}.", refusal.message()),
            Self::MoveRefused(_, refusal) => format!("The stock was not adjusted. {}.", refusal.message()),
        }
    }
}
