//! What is looked for, as the address of the page says it: `?who=7&stream=order-12&type=OrderPaid&from=…&until=…`. Pure.

use crate::identity::paths::encode;
use serde::{Deserialize, Serialize};

/// The address of the page.
pub(super) const PATH: &str = "/audit";
/// Where all that a search finds is to be had.
pub(super) const EXPORT: &str = "/api/audit/export";
/// Longest text that is looked for, in bytes. No name in the ledger is longer.
const MAX_BYTES: usize = 200;

/// What events are looked for. What is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Whose: an id, or a part of the name.
    #[serde(default)]
    pub who: String,
    /// In which stream: its name, or its beginning with a `*` behind it.
    #[serde(default)]
    pub stream: String,
    /// Of which type.
    #[serde(default)]
    pub kind: String,
    /// Not before this time.
    #[serde(default)]
    pub from: String,
    /// Not after this time.
    #[serde(default)]
    pub until: String,
    /// Only those before this one, by their numbers: the next page.
    #[serde(default)]
    pub before: Option<i64>,
}

impl Search {
    /// Reads it from the parameters of the address. What makes no sense is as if it were not there.
    pub fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name: &str| {
            let text = parameter(name).unwrap_or_default().trim();
            let end = (0..=text.len().min(MAX_BYTES)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text[..end].replace('\0', "")
        };
        Self {
            who: text("who"),
            stream: text("stream"),
            kind: text("type"),
            from: text("from"),
            until: text("until"),
            before: parameter("before").and_then(|before| before.parse().ok()),
        }
    }

    /// The parameters of an address, without those that say nothing.
    pub fn query(&self) -> String {
        let before = self.before.map(|before| before.to_string()).unwrap_or_default();
        let pairs = [
            ("who", &self.who),
            ("stream", &self.stream),
            ("type", &self.kind),
            ("from", &self.from),
            ("until", &self.until),
            ("before", &before),
        ];
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        let query = self.query();
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }

    /// The address of all that is found, in a format.
    pub fn export(&self, format: &str) -> String {
        let query = self.first().query();
        let and = if query.is_empty() { "" } else { "&" };
        format!("{EXPORT}?format={format}{and}{query}")
    }

    /// The same from the newest event on.
    pub fn first(&self) -> Self {
        Self { before: None, ..self.clone() }
    }

    /// Whether anything is looked for in particular.
    pub fn is_narrow(&self) -> bool {
        self.first() != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &'static str)]) -> Search {
        Search::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn an_address_says_only_what_is_looked_for() {
        assert_eq!(read(&[]).address(), "/audit");
        let search = read(&[("who", " Ada & co "), ("type", "OrderPaid"), ("before", "12")]);
        assert_eq!(search.address(), "/audit?who=Ada%20%26%20co&type=OrderPaid&before=12");
        assert_eq!(search.export("csv"), "/api/audit/export?format=csv&who=Ada%20%26%20co&type=OrderPaid");
        assert!(search.is_narrow() && !read(&[("before", "12")]).is_narrow());
    }

    #[test]
    fn nonsense_is_as_if_it_were_not_there_and_nothing_is_too_long() {
        assert_eq!(read(&[("before", "x"), ("from", " ")]), Search::default());
        let long: &'static str = Box::leak("ü".repeat(5_000).into_boxed_str());
        assert_eq!(read(&[("who", long)]).who, "ü".repeat(100));
        assert_eq!(read(&[("stream", "a\0b")]).stream, "ab");
    }
}
