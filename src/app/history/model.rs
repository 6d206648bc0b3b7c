//! What the server tells of the past. Pure.

use super::stamp::Stamp;
use crate::app::{inventory::Product, time::Timestamp};
use serde::{Deserialize, Serialize};

/// The inventory at a moment, and the moments around it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// The rows then. Of the present none are told: there the page is live.
    pub rows: Vec<Product>,
    /// Moments, the earliest first.
    pub moments: Vec<Moment>,
    /// After how many of them this is; `None` for the present.
    pub after: Option<usize>,
    /// Whether there are earlier moments than these.
    pub earlier: bool,
    /// Whether there are later ones.
    pub later: bool,
    /// Since when the past is known.
    pub reach: Reach,
}

/// Since when the past is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Since then; always if it is not said.
    pub at: Option<Timestamp>,
    /// Why not any further back.
    pub why: String,
}

/// A transaction that changed the inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub stamp: Stamp,
    /// What it changed, row by row.
    pub changes: Vec<Change>,
    /// How many more rows it changed.
    pub further: usize,
    /// Whether it changed even more than was looked at.
    pub partial: bool,
    /// Who did it; `None` if it was written to the database directly.
    pub who: Option<String>,
}

impl Moment {
    /// Whether everything that it changed is known here.
    pub fn is_whole(&self) -> bool {
        self.further == 0 && !self.partial
    }

    /// How many rows it changed.
    pub fn count(&self) -> usize {
        self.changes.len() + self.further
    }

    /// Who did it, as a page says it.
    pub fn author(&self) -> &str {
        self.who.as_deref().unwrap_or("Directly in the database")
    }

    /// What it did, in a few words.
    pub fn summary(&self) -> String {
        match self.changes.as_slice() {
            [one] if self.is_whole() => one.summary(),
            _ => {
                let more = if self.partial { "more than " } else { "" };
                format!("{more}{} products changed", self.count())
            }
        }
    }
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// As it was; `None` if it was not there.
    pub old: Option<Product>,
    /// As it was from then on; `None` if it was gone.
    pub new: Option<Product>,
}

impl Change {
    /// The row, as it was last.
    pub fn row(&self) -> Option<&Product> {
        self.new.as_ref().or(self.old.as_ref())
    }

    fn summary(&self) -> String {
        let name = self.row().map(|row| row.name.as_str()).unwrap_or_default();
        match (&self.old, &self.new) {
            (None, _) => format!("{name} added"),
            (_, None) => format!("{name} deleted"),
            (Some(_), Some(_)) => format!("{name} changed"),
        }
    }
}

/// How the inventory differs between two moments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The earlier one; `None` for the present.
    pub from: Option<Stamp>,
    /// The later one, likewise.
    pub to: Option<Stamp>,
    /// What differs, in the order of the SKU.
    pub changes: Vec<Change>,
    /// How many more rows differ.
    pub further: usize,
    /// How many rows are the same.
    pub same: usize,
}

/// Why the past is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Not for this person.
    NotAllowed,
    /// It is not a moment.
    NotAMoment,
    /// It is not known.
    Beyond(Reach),
    /// There is too much of it, or it takes too long; with what to do about it.
    TooMuch(String),
    /// The table had other columns then.
    OtherColumns,
    /// The table is not live, so nobody notes its changes.
    NotLive,
    /// The database does not answer.
    Unavailable,
}

impl Refusal {
    /// For people.
    pub fn message(&self) -> String {
        match self {
            Self::NotAllowed => "Only those who work here can look into the past of the inventory.".to_owned(),
            Self::NotAMoment => "This is not a date with a time. Choose one below.".to_owned(),
            Self::Beyond(Reach { at: Some(at), why }) => {
                format!("The record reaches back to {}: {why}. Choose a later moment.", at.to_the_second())
            }
            Self::Beyond(Reach { why, .. }) => format!("The record does not reach back that far: {why}."),
            Self::TooMuch(why) => format!("{}.", capitalised(why)),
            Self::OtherColumns => "The inventory had other columns then, which this page cannot show.".to_owned(),
            Self::NotLive => "The table of products is not live, so nobody notes what changes.".to_owned(),
            Self::Unavailable => "The database does not answer. Try again in a moment.".to_owned(),
        }
    }

    /// The status of a page that says so.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotAllowed => 403,
            Self::NotAMoment | Self::Beyond(_) | Self::TooMuch(_) | Self::OtherColumns | Self::NotLive => 422,
            Self::Unavailable => 503,
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
