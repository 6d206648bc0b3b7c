//! What addresses of chat say. Pure.

use crate::{
    chat::{
        Refusal,
        limits::{MAX_SEARCH, MAX_TEXT},
    },
    identity::paths::encode,
};
use leptos_router::params::ParamsMap;

/// Where the page is.
pub(super) const PAGE: &str = "/chat";
/// The last part of the address of the form for a new conversation.
pub(super) const NEW: &str = "new";
/// Of a draft in an address, in bytes: servers refuse addresses that are much longer.
const MAX_DRAFT_BYTES: usize = 20_000;

/// What is asked for besides the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The message that is looked at.
    pub(super) at: Option<i64>,
    /// What is looked for.
    pub(super) q: String,
    /// The message that is changed.
    pub(super) edit: Option<i64>,
    /// The message that may be deleted.
    pub(super) delete: Option<i64>,
    /// Why something was not done.
    pub(super) refused: Option<Refusal>,
    /// What was typed then.
    pub(super) draft: String,
}

impl Asked {
    /// Reads the parameters of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let number =
            |name: &str| query.get_str(name).and_then(|number| number.parse().ok()).filter(|number| *number > 0);
        let text =
            |name: &str, most: usize| query.get_str(name).unwrap_or_default().chars().take(most).collect::<String>();
        Self {
            at: number("at"),
            q: text("q", MAX_SEARCH).trim().to_owned(),
            edit: number("edit"),
            delete: number("delete"),
            refused: query.get_str("refused").and_then(Refusal::of),
            // More than may be sent: whoever wrote it can shorten it.
            draft: text("draft", 2 * MAX_TEXT),
        }
    }

    /// The address of a page that says all of this.
    pub(super) fn on(&self, page: &str) -> String {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let pairs = [
            ("at", number(self.at)),
            ("q", self.q.clone()),
            ("edit", number(self.edit)),
            ("delete", number(self.delete)),
            ("refused", self.refused.map(Refusal::word).unwrap_or_default().to_owned()),
            ("draft", fitting(&self.draft).to_owned()),
        ];
        let said: Vec<_> = pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if said.is_empty() { page.to_owned() } else { format!("{page}?{}", said.join("&")) }
    }
}

/// The beginning of a draft that fits into an address.
fn fitting(draft: &str) -> &str {
    let mut bytes = 0;
    let end = draft.char_indices().find(|(_, sign)| {
        bytes += encode(sign.encode_utf8(&mut [0; 4])).len();
        bytes > MAX_DRAFT_BYTES
    });
    end.map_or(draft, |(end, _)| &draft[..end])
}

/// The address of a conversation.
pub(super) fn of(chat: i64) -> String {
    format!("{PAGE}/{chat}")
}

/// The address of the form for a new conversation.
pub(super) fn new() -> String {
    format!("{PAGE}/{NEW}")
}

/// What an element of a message is called in its page.
pub(super) fn element(number: i64) -> String {
    format!("m{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_was_asked_and_nothing_else() {
        assert_eq!(Asked::default().on("/chat"), "/chat");
        let asked = Asked {
            q: "a b&c".to_owned(),
            refused: Some(Refusal::TooLong),
            draft: "é\n".to_owned(),
            ..Asked::default()
        };
        assert_eq!(asked.on(&of(3)), "/chat/3?q=a%20b%26c&refused=too-long&draft=%C3%A9%0A");
        assert_eq!(Asked { at: Some(7), ..Asked::default() }.on(&of(3)), "/chat/3?at=7");
    }

    #[test]
    fn a_draft_is_no_longer_than_an_address_can_be() {
        let of = |draft: String| Asked { draft, ..Asked::default() }.on(PAGE).len();
        assert_eq!(of("a".repeat(4_000)), 4_000 + "/chat?draft=".len());
        assert!((19_900..=20_020).contains(&of("😀".repeat(4_000))));
    }

    #[test]
    fn what_makes_no_sense_is_not_asked() {
        let mut query = ParamsMap::new();
        for (name, value) in [("at", "-1"), ("edit", "x"), ("refused", "nothing"), ("q", "  a ")] {
            query.insert(name, value.to_owned());
        }
        assert_eq!(Asked::read(&query), Asked { q: "a".to_owned(), ..Asked::default() });
    }
}
