//! How a form that was sent without JavaScript is answered: the browser is led back to the page.

use super::{actions::Answer, page::Listing};
use crate::app::plain_form::wants_a_page;

/// Passes `outcome` on to a program; leads a browser back to the page that showed `rows`.
pub(super) fn answer(rows: u32, outcome: Answer) -> Answer {
    if wants_a_page() {
        leptos_axum::redirect(&Listing::of(rows).address(outcome.err()));
    }
    outcome
}
