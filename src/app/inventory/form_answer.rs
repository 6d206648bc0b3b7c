//! How a form that was sent without JavaScript is answered: the browser is led back to the page, with a notice.

use super::{
    actions::Answer,
    listing::Listing,
    refusal::{Notice, Refusal},
};
use axum::http::{header::ACCEPT, request::Parts};
use leptos::prelude::use_context;

/// Passes `outcome` on to a program; leads a browser back to the page `back` (a query), with the notice of the outcome.
pub(super) fn answer(back: &str, outcome: Answer, notice: impl FnOnce(Result<(), Refusal>) -> Notice) -> Answer {
    if wants_a_page() {
        let notice = notice(outcome.clone().map(drop)).write();
        // Only what a listing can say is taken over, so that nobody is led anywhere else.
        let listing = Listing::from_query(back);
        let address = listing.address_with(&[(Notice::PARAMETER, &notice)]);
        leptos_axum::redirect(&address);
    }
    outcome
}

/// Whether the request is a form's, and not a program's.
fn wants_a_page() -> bool {
    use_context::<Parts>()
        .and_then(|parts| parts.headers.get(ACCEPT)?.to_str().ok().map(|accept| accept.contains("text/html")))
        .unwrap_or(false)
}
