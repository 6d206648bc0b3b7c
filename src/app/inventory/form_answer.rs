//! How a form that was sent without JavaScript is answered: the browser is led back to the page, with a notice.

use super::{
    actions::Answer,
    bulk::{Adjusted, ManyRefusal, PARAMETER},
    listing::Listing,
    refusal::{MAX_NOTICE_BYTES, Notice, Refusal},
    validate::Typed,
};
use crate::{
    app::{plain_form::wants_a_page, query_map::parse, response::set_status},
    identity::paths::NOT_ALLOWED,
};
use leptos::prelude::ServerFnError;

/// Passes `outcome` on to a program; leads a browser back to the page `back` (a query), with the notice of the outcome.
pub(super) fn answer(
    back: &str,
    outcome: Answer,
    notice: impl FnOnce(Result<(), Refusal>) -> Notice,
) -> Result<Answer, ServerFnError> {
    if wants_a_page() {
        let notice = written(notice(outcome.clone().map(drop)));
        // Only what a listing can say is taken over, so that nobody is led anywhere else.
        let listing = listing_of(back);
        let address = listing.address_with(&[(Notice::PARAMETER, &notice)]);
        leptos_axum::redirect(&address);
        return Ok(outcome);
    }
    told(outcome)
}

/// Passes `outcome` on to a program.
pub(super) fn told(outcome: Answer) -> Result<Answer, ServerFnError> {
    match outcome {
        Err(refusal @ Refusal::NotAllowed) => {
            set_status(refusal.status());
            Err(ServerFnError::ServerError(NOT_ALLOWED.to_owned()))
        }
        outcome => Ok(outcome),
    }
}

/// The same for a change of many products. Whoever picked without JavaScript goes on picking.
pub(super) fn many(
    back: &str,
    outcome: Result<Adjusted, ManyRefusal>,
) -> Result<Result<Adjusted, ManyRefusal>, ServerFnError> {
    if wants_a_page() {
        let notice = written(match &outcome {
            Ok(done) => Notice::ManyAdjusted(done.moves.len(), done.gone),
            Err(refusal) => Notice::ManyRefused(refusal.clone()),
        });
        let address = listing_of(back).address_with(&[(PARAMETER, "1"), (Notice::PARAMETER, &notice)]);
        leptos_axum::redirect(&address);
        return Ok(outcome);
    }
    many_told(outcome)
}

/// Passes it on to a program.
pub(super) fn many_told(
    outcome: Result<Adjusted, ManyRefusal>,
) -> Result<Result<Adjusted, ManyRefusal>, ServerFnError> {
    match outcome {
        Err(ManyRefusal::Common(refusal @ Refusal::NotAllowed)) => {
            set_status(refusal.status());
            Err(ServerFnError::ServerError(NOT_ALLOWED.to_owned()))
        }
        outcome => Ok(outcome),
    }
}

/// The listing that an address asks for; only its query matters.
fn listing_of(address: &str) -> Listing {
    let query = parse(address.split_once('?').map_or("", |(_, query)| query));
    Listing::read(|name| query.get_str(name))
}

/// The notice as the value of a parameter. What was typed is left out where it would not fit into an address.
fn written(mut notice: Notice) -> String {
    let text = |notice: &Notice| serde_json::to_string(notice).expect("a notice has string keys only");
    let whole = text(&notice);
    // Encoding a byte for the address takes three.
    if whole.len() <= MAX_NOTICE_BYTES / 3 {
        return whole;
    }
    match &mut notice {
        Notice::QuantityRefused(_, typed, _) => typed.clear(),
        Notice::AddRefused(typed, _) => **typed = Typed::default(),
        _ => {}
    }
    text(&notice)
}

#[cfg(test)]
mod tests {
    use super::{
        super::validate::{Field, Problem},
        *,
    };

    #[test]
    fn an_address_reads_back_as_what_wrote_it() {
        let address = "/?q=50%25%20a%26b%3D%C3%A9%2B&sort=price&dir=desc&page=3";
        assert_eq!(listing_of(address).address(), address);
        assert_eq!(listing_of("/?q=a+b%zz%").search, "a b%zz%");
        assert_eq!(listing_of("//evil.example/?x=%").address(), "/");
    }

    #[test]
    fn a_notice_survives_the_way_through_the_address() {
        let typed = Typed { name: "\"Bolt\" 🦀 </script>".to_owned(), ..Typed::default() };
        let notice = Notice::AddRefused(Box::new(typed), Refusal::field(Field::Sku, Problem::Taken));
        assert_eq!(Notice::read(&written(notice.clone())), Some(notice));
    }

    #[test]
    fn what_is_too_long_for_an_address_is_left_out_but_the_reason_stays() {
        let refusal = Refusal::field(Field::Quantity, Problem::NotAQuantity);
        let notice = Notice::QuantityRefused(7, "9".repeat(1_000_000), refusal.clone());
        assert_eq!(Notice::read(&written(notice)), Some(Notice::QuantityRefused(7, String::new(), refusal)));
    }
}
