//! What a person can do about notifications: server functions, each of them also the target of a plain form.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::{fmt, num::ParseIntError, str::FromStr};

/// What was marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// How many that were unread.
    pub count: u64,
    /// The database's number of the transaction, by which the browser recognises it in the stream of changes.
    pub transaction: u64,
}

/// Why nothing was marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Only who is signed in is told of anything.
    SignedOut,
    /// The database does not answer, or does not allow it.
    Unavailable,
}

/// Which notifications the page showed as unread: their numbers, as text with commas in forms.
///
/// Not only the highest: a lower one may have been committed later, and its reader has yet to see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shown(pub Vec<i64>);

impl fmt::Display for Shown {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(i64::to_string).collect();
        text.write_str(&numbers.join(","))
    }
}

impl FromStr for Shown {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').filter(|number| !number.is_empty()).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Shown> for String {
    fn from(shown: Shown) -> Self {
        shown.to_string()
    }
}

impl TryFrom<String> for Shown {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What the server says.
pub type Answer = Result<Marked, Refusal>;

/// One has been read. `rows` is how many the page showed that a plain form leads back to.
#[server(prefix = "/api", endpoint = "notifications/mark-read")]
pub async fn mark_read(id: i64, #[server(default)] rows: u32) -> Result<Answer, ServerFnError> {
    Ok(super::form_answer::answer(rows, super::statements::mark(Shown(vec![id]), 0).await))
}

/// All have been read: those that the person was shown, and those that are older than what the page shows, with lower numbers than
/// `before`.
#[server(prefix = "/api", endpoint = "notifications/mark-all-read")]
pub async fn mark_all_read(
    #[server(default)] shown: Shown,
    before: i64,
    #[server(default)] rows: u32,
) -> Result<Answer, ServerFnError> {
    Ok(super::form_answer::answer(rows, super::statements::mark(shown, before).await))
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn what_was_shown_is_text_in_forms() {
        let shown = Shown(vec![3, 1, 2]);
        assert_eq!((shown.to_string(), "3,1,2".parse()), ("3,1,2".to_owned(), Ok(shown)));
        assert_eq!("".parse(), Ok(Shown::default()));
        assert!("1,two".parse::<Shown>().is_err());
    }
}
