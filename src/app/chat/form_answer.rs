//! How a form that was sent without JavaScript is answered: the browser is led on to a page, with what was typed if it was refused.

use super::address::{self, Asked};
use crate::{app::plain_form::wants_a_page, chat::Refusal};

/// A message was sent.
pub(super) fn sent(chat: i64, text: &str, refused: Option<Refusal>) {
    let draft = if refused.is_some() { text.to_owned() } else { String::new() };
    lead(&Asked { refused, draft, ..Asked::default() }.on(&address::of(chat)));
}

/// A message was changed.
pub(super) fn edited(chat: i64, number: i64, text: &str, refused: Option<Refusal>) {
    let (edit, draft) = if refused.is_some() { (Some(number), text.to_owned()) } else { (None, String::new()) };
    lead(&anchored(
        &Asked { at: Some(number), edit, refused, draft, ..Asked::default() }.on(&address::of(chat)),
        number,
    ));
}

/// Something was done in a conversation.
pub(super) fn changed(chat: i64, number: Option<i64>, refused: Option<Refusal>) {
    let address = Asked { at: number, refused, ..Asked::default() }.on(&address::of(chat));
    lead(&number.map_or(address.clone(), |number| anchored(&address, number)));
}

/// A conversation was opened, perhaps.
pub(super) fn opened(name: &str, outcome: Result<i64, Refusal>) {
    lead(&match outcome {
        Ok(chat) => address::of(chat),
        Err(refusal) => {
            Asked { refused: Some(refusal), draft: name.to_owned(), ..Asked::default() }.on(&address::new())
        }
    });
}

fn anchored(address: &str, number: i64) -> String {
    format!("{address}#{}", address::element(number))
}

fn lead(address: &str) {
    if wants_a_page() {
        leptos_axum::redirect(address);
    }
}
