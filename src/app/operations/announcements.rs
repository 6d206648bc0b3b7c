//! What administrators say to one page or to all: in the corner, until it has been read.
//!
//! Events of this name are said by servers only, so nobody else can speak as one of them.

use crate::{app::toast::use_messages, operations::report::ANNOUNCEMENT, store::use_connection};
use leptos::prelude::*;

/// Shows nothing by itself.
#[component]
pub(in crate::app) fn Announcements() -> impl IntoView {
    let messages = use_messages();
    use_connection().on_said(move |said| {
        if said.event != ANNOUNCEMENT {
            return;
        }
        if let Some(text) = said.payload["text"].as_str() {
            messages.said(words(&said.name, text));
        }
    });
}

/// The name keeps to itself whichever way its script runs.
fn words(name: &str, text: &str) -> String {
    match name {
        "" => format!("From an administrator: {text}"),
        name => format!("From \u{2068}{name}\u{2069}: {text}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn who_says_it_comes_first() {
        assert_eq!(super::words("Ada", "Tea?"), "From \u{2068}Ada\u{2069}: Tea?");
        assert_eq!(super::words("", "Tea?"), "From an administrator: Tea?");
    }
}
