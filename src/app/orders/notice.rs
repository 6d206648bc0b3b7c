//! What became of a form that was sent without JavaScript, in the address of the page that the browser is led to.
//!
//! Only codes travel, never sentences: what comes back in an address could have been written by anybody, and must not be
//! able to put words into our mouth.

use crate::app::query_map::use_query_map;
use crate::{
    app::{icons::Icon, response::set_status},
    identity::paths::encode,
    orders::{Actor, Illegal, Refusal, RefusalCode, Standing, State, Step},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

/// Longest notice that is read from an address, in bytes.
const MAX_BYTES: usize = 200;

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Notice {
    /// The order was placed.
    Placed,
    /// No order was placed, and why.
    PlaceRefused(RefusalCode),
    /// Something was done with this order.
    Done(i64, Step),
    /// Something was not done with it: why, and what the order is.
    StepRefused(i64, Step, RefusalCode, Option<State>),
}

impl Notice {
    /// The parameter of the address.
    pub(super) const PARAMETER: &'static str = "notice";

    /// Reads the parameter. Nonsense is as if it were not there.
    pub(super) fn read(text: &str) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| serde_json::from_str(text).ok()).flatten()
    }

    /// The address `of` a page, with this notice.
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "only a server answers forms"))]
    pub(super) fn on(self, of: &str) -> String {
        let text = serde_json::to_string(&self).expect("a notice is words and numbers");
        let separator = if of.contains('?') { '&' } else { '?' };
        format!("{of}{separator}{}={}", Self::PARAMETER, encode(&text))
    }

    fn code(self) -> Option<RefusalCode> {
        match self {
            Self::Placed | Self::Done(..) => None,
            Self::PlaceRefused(code) | Self::StepRefused(_, _, code, _) => Some(code),
        }
    }

    /// For whoever looks at the page, as what they are to orders.
    fn message(self, actor: Actor) -> String {
        match self {
            Self::Placed => "The order is placed.".to_owned(),
            Self::PlaceRefused(RefusalCode::Unconfirmed) => format!(
                "It is not known whether the order was placed. {}. Send the form again as it is: it is placed once.",
                reason(RefusalCode::Unconfirmed)
            ),
            Self::PlaceRefused(code) => format!("No order was placed. {}.", reason(code)),
            Self::Done(order, step) => format!("Order {order} is {} now.", step.target()),
            Self::StepRefused(order, step, RefusalCode::Unconfirmed, _) => format!(
                "It is not known whether order {order} was {}. {}. Look at what it is now before you do it again.",
                step.target(),
                reason(RefusalCode::Unconfirmed)
            ),
            Self::StepRefused(order, step, code, state) => {
                let reason = match (code, state) {
                    (RefusalCode::IllegalStep, Some(state)) => why_not(order, step, state, actor),
                    (RefusalCode::VersionConflict, Some(state)) => format!("Meanwhile it has become {state}"),
                    (code, _) => reason(code).to_owned(),
                };
                format!("Order {order} was not {}. {reason}.", step.target())
            }
        }
    }
}

/// Why something cannot be done with an order in this state. A sentence without its full stop.
pub(super) fn why_not(order: i64, step: Step, state: State, actor: Actor) -> String {
    let now = Standing { state, version: 0, allowed: Step::allowed(state, actor) };
    let why = step.check(state, actor).err().unwrap_or(Illegal::NotNow);
    Refusal::illegal(order, step, now, why).message
}

/// Without particulars, which would be somebody else's words. A sentence without its full stop.
fn reason(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::NotAllowed => "You may not do this",
        RefusalCode::SignedOut => "You are signed out; sign in again",
        RefusalCode::NotFound => "There is no such order",
        RefusalCode::IllegalStep => "It cannot become that from what it is now",
        RefusalCode::VersionConflict => "It has changed since this page was loaded",
        RefusalCode::OutOfStock => "There are fewer pieces left than you want; the form says how many",
        RefusalCode::StockFull => "Its pieces cannot go back: there would be more of a product than there can be",
        RefusalCode::UnknownProduct => "One of the products is not there any more",
        RefusalCode::UnknownCustomer => "There is no such customer",
        RefusalCode::KeyReused => {
            "This form was sent before, with something else in it; see whether that order is there"
        }
        RefusalCode::Invalid => "Something is missing, too long or too much; the form says what is possible",
        RefusalCode::Malformed | RefusalCode::TooLarge | RefusalCode::MethodNotAllowed => {
            "The form could not be read; reload the page and try again"
        }
        RefusalCode::Unavailable => "The database does not answer; nothing was done. Try again in a moment",
        RefusalCode::Unconfirmed => "The database did not confirm it",
    }
}

/// The notice in the address, if there is one; the page has its status.
#[component]
pub(super) fn NoticeBanner(actor: Actor) -> impl IntoView {
    let query = use_query_map();
    let path = use_location().pathname;
    let notice = Memo::new(move |_| query.with(|query| query.get_str(Notice::PARAMETER).and_then(Notice::read)));
    if let Some(code) = notice.get_untracked().and_then(Notice::code) {
        set_status(code.status());
    }
    // The same page without it.
    let dismissed = move || {
        query.with(|query| {
            let kept = query.clone().into_iter().filter(|(name, _)| name != Notice::PARAMETER);
            let kept: Vec<_> = kept.map(|(name, value)| format!("{}={}", encode(&name), encode(&value))).collect();
            if kept.is_empty() { path.get() } else { format!("{}?{}", path.get(), kept.join("&")) }
        })
    };
    move || {
        let notice = notice.get()?;
        let refused = notice.code().is_some();
        Some(view! {
            <div class="notice" class:refused=refused role=if refused { "alert" } else { "status" }>
                <p>{notice.message(actor)}</p>
                <a class="icon-button" href=dismissed aria-label="Dismiss">
                    <Icon name="close" />
                </a>
            </div>
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_survives_the_way_through_the_address() {
        let notice = Notice::StepRefused(1042, Step::Pack, RefusalCode::IllegalStep, Some(State::Placed));
        let address = notice.on("/orders?state=paid");
        assert!(address.starts_with("/orders?state=paid&notice=%7B%22step_refused%22"), "{address}");
        let text = serde_json::to_string(&notice).expect("writes");
        assert_eq!(Notice::read(&text), Some(notice));
        assert_eq!(
            notice.message(Actor::Staff),
            "Order 1042 was not packed. Order 1042 is placed, so it cannot be packed now. It can be paid or cancelled."
        );
    }

    #[test]
    fn what_nobody_knows_is_not_told_as_not_done() {
        let notices = [
            Notice::PlaceRefused(RefusalCode::Unconfirmed),
            Notice::StepRefused(1042, Step::Pack, RefusalCode::Unconfirmed, None),
        ];
        for notice in notices {
            let message = notice.message(Actor::Staff);
            assert!(message.starts_with("It is not known whether"), "{message}");
            assert!(!message.contains("No order was placed") && !message.contains("was not"), "{message}");
        }
    }

    #[test]
    fn an_address_cannot_bring_its_own_sentences() {
        for text in ["", "{}", "\"You have been hacked\"", r#"{"place_refused":"call us"}"#, &"[".repeat(100_000)] {
            assert_eq!(Notice::read(text), None);
        }
    }
}
