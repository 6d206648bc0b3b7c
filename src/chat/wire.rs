//! What commands answer, and why they refuse.

use serde::{Deserialize, Serialize};

/// What was done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// In which conversation.
    pub chat: i64,
    /// Which one there.
    pub number: i64,
    /// The database's number of the transaction, by which a browser recognises it in the stream of changes; of the first time, 0 if the
    /// same was done before.
    pub transaction: u64,
}

/// Somebody who can be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Someone {
    /// Their account.
    pub id: i64,
    /// What they are called.
    pub name: String,
    /// Whether they work here.
    pub works_here: bool,
}

/// A message that a search has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// In which conversation.
    pub chat: i64,
    /// Which one there.
    pub number: i64,
    /// Who wrote it.
    pub author_name: String,
    /// When, as Postgres writes it.
    pub at: String,
    /// The part of it in which the words are.
    pub excerpt: String,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Only who has an account can write.
    SignedOut,
    /// Somebody else is signed in by now.
    OtherAccount,
    /// It is not theirs to do.
    NotAllowed,
    /// There is no such conversation, message or person for whoever asks.
    NotFound,
    /// There is nothing to be sent.
    Empty,
    /// It is too long.
    TooLong,
    /// Too many people are named in it.
    TooManyNames,
    /// Its key is none, or was used for something else.
    Key,
    /// The message was deleted.
    Deleted,
    /// There is a room of that name.
    NameTaken,
    /// Too much was sent within a minute, or there is too much else to be done.
    TooFast,
    /// The database does not answer, or it is not known what it did.
    Unavailable,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::SignedOut,
        Self::OtherAccount,
        Self::NotAllowed,
        Self::NotFound,
        Self::Empty,
        Self::TooLong,
        Self::TooManyNames,
        Self::Key,
        Self::Deleted,
        Self::NameTaken,
        Self::TooFast,
        Self::Unavailable,
    ];

    /// Why, for people: a sentence without its full stop.
    pub fn reason(self) -> &'static str {
        match self {
            Self::SignedOut => "You are signed out; sign in again",
            Self::OtherAccount => "Somebody else is signed in in this browser now",
            Self::NotAllowed => "You may not do this",
            Self::NotFound => "It is not there any more, or not for you",
            Self::Empty => "There is nothing in it",
            Self::TooLong => "It is too long",
            Self::TooManyNames => "It names too many people",
            Self::Key => "It was sent before as something else; write it anew",
            Self::Deleted => "It was deleted",
            Self::NameTaken => "There is a room of that name already",
            Self::TooFast => "That is too much at once; try again in a minute",
            Self::Unavailable => "The database does not answer; try again in a moment",
        }
    }

    /// Whether the same may succeed a moment later.
    pub fn passes(self) -> bool {
        matches!(self, Self::TooFast | Self::Unavailable)
    }

    /// In an address.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::OtherAccount => "other-account",
            Self::NotAllowed => "not-allowed",
            Self::NotFound => "not-found",
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::TooManyNames => "too-many-names",
            Self::Key => "key",
            Self::Deleted => "deleted",
            Self::NameTaken => "name-taken",
            Self::TooFast => "too-fast",
            Self::Unavailable => "unavailable",
        }
    }

    /// The inverse of [`word`](Self::word).
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.word() == word)
    }

    /// HTTP status of a page that shows it.
    pub fn status(self) -> u16 {
        match self {
            Self::SignedOut | Self::OtherAccount => 401,
            Self::NotAllowed => 403,
            Self::NotFound => 404,
            Self::Deleted | Self::NameTaken => 409,
            Self::TooFast => 429,
            Self::Unavailable => 503,
            Self::Empty | Self::TooLong | Self::TooManyNames | Self::Key => 422,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_refusal_has_a_word_of_its_own_in_addresses() {
        let words: BTreeSet<_> = Refusal::ALL.map(Refusal::word).into();
        assert_eq!(words.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::of(refusal.word()), Some(refusal));
            assert!((400..=599).contains(&refusal.status()) && !refusal.reason().ends_with('.'));
        }
        assert_eq!(Refusal::of("nothing"), None);
    }
}
