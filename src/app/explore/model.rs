//! What the server tells of tables and of what happens to them. Pure.

use crate::app::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The tables of a database, as far as somebody may know of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Those that are live and may be read, by name.
    pub tables: Vec<Table>,
    /// For administrators: those that are not live, or of which nothing is granted to them.
    pub asleep: Vec<Asleep>,
    /// Whether there are more of those.
    pub more_asleep: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// `schema.table`.
    pub name: String,
    /// The columns of its key.
    pub key: Vec<String>,
    /// The columns that may be read, in the order of the table.
    pub columns: Vec<Column>,
    /// Whether some of its rows or columns are not for whoever asks.
    pub narrowed: bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as SQL writes it.
    pub sql: String,
    /// What its values are like.
    pub shape: Shape,
}

/// What values are like, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Numbers.
    Number,
    /// Words.
    #[default]
    Text,
    /// Yes or no.
    Bool,
    /// A day or a time.
    Time,
    /// Whatever has parts.
    Json,
}

/// A table that cannot be looked at yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asleep {
    /// `schema.table`.
    pub name: String,
    /// What has to be typed in a shell so that it can.
    pub command: String,
    /// What that does.
    pub why: Why,
}

/// Why a table cannot be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// It is not live.
    NotLive,
    /// It is, and nothing of it is granted to whoever asks.
    NotGranted,
    /// It has no primary key, so that nobody can say which row changed.
    NoKey,
}

/// The latest transactions that changed what is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The latest first.
    pub transactions: Vec<Transaction>,
    /// Whether there are earlier ones.
    pub earlier: bool,
    /// Since when it is known, if not for ever, and why not before.
    pub since: Option<(Timestamp, String)>,
}

/// What one transaction did.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transaction {
    /// The database's number for it.
    pub number: u64,
    /// The number of its last change of the table.
    pub seq: i64,
    /// When that was made.
    pub at: Timestamp,
    /// Whose it was, if it came from the app.
    pub who: Option<String>,
    /// The rows that it changed.
    pub rows: Vec<Change>,
    /// How many more.
    pub further: usize,
    /// Whether there are even more of them, which were not counted.
    pub partial: bool,
}

/// What became of a row: JSON objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// As it was, if it was there and to be seen.
    pub old: Option<String>,
    /// As it is from then on.
    pub new: Option<String>,
}

/// Why nothing is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Whoever asks is not let in.
    NotAllowed,
    /// The question cannot be answered as it is.
    Refused(String),
    /// The past takes too long to be read, or is too much.
    TooMuch(String),
    /// What was in this table before is not told to anybody.
    Forgotten,
    /// The database does not answer.
    Unavailable,
}

impl Refusal {
    /// For people.
    pub(super) fn message(&self) -> String {
        match self {
            Self::NotAllowed => "This is for those who work here.".to_owned(),
            Self::Forgotten => {
                "What was deleted here is gone for everybody, so what this table was before is not told.".to_owned()
            }
            Self::Refused(why) | Self::TooMuch(why) => format!("{why}."),
            Self::Unavailable => "The database cannot be read at the moment.".to_owned(),
        }
    }

    /// The HTTP status of a page that has nothing else to say.
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::NotAllowed | Self::Forgotten => 403,
            Self::Refused(_) | Self::TooMuch(_) => 422,
            Self::Unavailable => 503,
        }
    }
}

impl Column {
    /// Its name as SQL writes it.
    pub(super) fn in_sql(&self) -> String {
        let plain =
            |first: bool, next: char| next.is_ascii_lowercase() || next == '_' || !first && next.is_ascii_digit();
        if self.name.char_indices().all(|(at, next)| plain(at == 0, next)) {
            self.name.clone()
        } else {
            format!("\"{}\"", self.name.replace('"', "\"\""))
        }
    }
}

impl Table {
    /// The column of this name.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of its columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Schema and name.
    pub(super) fn parts(&self) -> (&str, &str) {
        self.name.split_once('.').unwrap_or(("public", &self.name))
    }
}
