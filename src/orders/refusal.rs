//! Why a command was not carried out. A refusal has changed nothing, but for one: where nobody knows whether it has.

use super::{
    state::State,
    step::{Illegal, Step},
};
use serde::{Deserialize, Serialize};

/// What kind of refusal it is; `API.md` says the same to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The request cannot be read: no JSON, a field too many, a text for a number.
    Malformed,
    /// Whoever asks has not signed in.
    SignedOut,
    /// Whoever asks may not do this, or not for somebody else.
    NotAllowed,
    /// There is no such order, or not for whoever asks.
    NotFound,
    /// An order in this state cannot become that.
    IllegalStep,
    /// The order has changed since the version that was named.
    VersionConflict,
    /// There are fewer pieces than were ordered.
    OutOfStock,
    /// The pieces cannot go back: there would be more of a product than there can be.
    StockFull,
    /// A value is not as it must be.
    Invalid,
    /// There is no such product.
    UnknownProduct,
    /// There is no such account, or it is disabled.
    UnknownCustomer,
    /// The key has been used for another request.
    KeyReused,
    /// More bytes than are read.
    TooLarge,
    /// The address has no such method.
    MethodNotAllowed,
    /// The database does not answer, or too many do the same at once. Nothing was done; it may be tried again.
    Unavailable,
    /// The connection was lost while the database did it: nobody knows whether it was done.
    Unconfirmed,
}

impl RefusalCode {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Malformed,
        Self::SignedOut,
        Self::NotAllowed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::IllegalStep,
        Self::VersionConflict,
        Self::OutOfStock,
        Self::StockFull,
        Self::TooLarge,
        Self::Invalid,
        Self::UnknownProduct,
        Self::UnknownCustomer,
        Self::KeyReused,
        Self::Unavailable,
        Self::Unconfirmed,
    ];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::SignedOut => "signed_out",
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::IllegalStep => "illegal_step",
            Self::VersionConflict => "version_conflict",
            Self::OutOfStock => "out_of_stock",
            Self::StockFull => "stock_full",
            Self::TooLarge => "too_large",
            Self::Invalid => "invalid",
            Self::UnknownProduct => "unknown_product",
            Self::UnknownCustomer => "unknown_customer",
            Self::KeyReused => "key_reused",
            Self::Unavailable => "unavailable",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// HTTP status of an answer that tells it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::SignedOut => 401,
            Self::NotAllowed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::IllegalStep | Self::VersionConflict | Self::OutOfStock | Self::StockFull => 409,
            Self::TooLarge => 413,
            Self::Invalid | Self::UnknownProduct | Self::UnknownCustomer | Self::KeyReused => 422,
            Self::Unavailable | Self::Unconfirmed => 503,
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: what is wrong and what would be right.
    pub message: String,
    /// What it is about, as `lines[2].quantity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What whoever asks could do with the order instead. Told with `illegal_step` and `version_conflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<Step>>,
    /// The version that the order has now. Told with the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The state that the order is in now. Told with the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

impl Refusal {
    /// One without particulars.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, allowed: None, version: None, state: None }
    }

    /// About a field.
    pub fn of_field(code: RefusalCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(code, message) }
    }

    /// There is no such order, for whoever asks.
    pub fn not_found(order: i64) -> Self {
        Self::new(RefusalCode::NotFound, format!("There is no order {order}"))
    }

    /// Part of it is kept from whoever asks, so they are not told all of it.
    pub fn not_whole(order: i64) -> Self {
        let message = format!("What has happened to order {order} is for those who may see all of it");
        Self::new(RefusalCode::NotAllowed, message)
    }

    /// Nothing was done, and it may be tried again.
    pub fn unavailable() -> Self {
        let message = "The database does not answer, or did not do it; nothing was changed. Try again in a moment";
        Self::new(RefusalCode::Unavailable, message)
    }

    /// Nobody knows whether it was done: the connection was lost while the database did it.
    pub fn unconfirmed() -> Self {
        let message = "It is not known whether it was done: the database did not confirm it. Send the same again under the same \
                       key, under which it is done once; without a key, look first";
        Self::new(RefusalCode::Unconfirmed, message)
    }

    /// A step that is not legal.
    pub fn illegal(order: i64, step: Step, now: Standing, why: Illegal) -> Self {
        let done = step.target();
        match why {
            Illegal::Never => Self::new(RefusalCode::NotAllowed, format!("Only staff may {step} an order")).with(now),
            Illegal::NotNow => {
                let message = format!("Order {order} is {}, so it cannot be {done} now. {}", now.state, now.possible());
                Self::new(RefusalCode::IllegalStep, message).with(now)
            }
        }
    }

    /// The order has changed since.
    pub fn conflict(order: i64, seen: i64, now: Standing) -> Self {
        let (state, version) = (now.state, now.version);
        let message =
            format!("Order {order} has changed since version {seen}: it is {state} now, at version {version}");
        Self::new(RefusalCode::VersionConflict, message).with(now)
    }

    /// The same for somebody to whom not all of the order is granted.
    pub fn as_far_as(self, order: i64, step: Step, telling: Telling) -> Self {
        let done = step.target();
        let message = match (self.code, telling.state, telling.version) {
            (RefusalCode::IllegalStep, false, _) => format!("Order {order} cannot be {done} now"),
            (RefusalCode::VersionConflict, false, _) | (RefusalCode::VersionConflict, _, false) => {
                format!("Order {order} has changed since the version that was named")
            }
            _ => self.message,
        };
        Self {
            message,
            // What can be done follows from the state.
            allowed: self.allowed.filter(|_| telling.state),
            state: self.state.filter(|_| telling.state),
            version: self.version.filter(|_| telling.version),
            ..self
        }
    }

    fn with(self, now: Standing) -> Self {
        Self { allowed: Some(now.allowed), version: Some(now.version), state: Some(now.state), ..self }
    }
}

/// What of an order a refusal may tell whoever asks, by what is granted to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Its state.
    pub state: bool,
    /// Its version.
    pub version: bool,
}

/// How an order stands for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// Its version.
    pub version: i64,
    /// What they could do with it.
    pub allowed: Vec<Step>,
}

impl Standing {
    fn possible(&self) -> String {
        let words: Vec<&str> = self.allowed.iter().map(|step| step.target().word()).collect();
        match words.as_slice() {
            [] => "Nothing more can be done with it".to_owned(),
            [one] => format!("It can be {one}"),
            [first @ .., last] => format!("It can be {} or {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_they_travel() {
        for code in RefusalCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("{:?}", code.word()));
            assert!((400..600).contains(&code.status()));
        }
    }

    #[test]
    fn whoever_is_refused_is_told_what_they_could_do_instead() {
        let now = |state, allowed: &[Step]| Standing { state, version: 3, allowed: allowed.to_vec() };
        let refusal = |now| Refusal::illegal(7, Step::Pack, now, Illegal::NotNow);
        let shipped = refusal(now(State::Shipped, &[Step::Deliver, Step::Return]));
        assert_eq!(shipped.message, "Order 7 is shipped, so it cannot be packed now. It can be delivered or returned");
        assert_eq!((shipped.allowed, shipped.version), (Some(vec![Step::Deliver, Step::Return]), Some(3)));
        let over = refusal(now(State::Cancelled, &[]));
        assert_eq!(over.message, "Order 7 is cancelled, so it cannot be packed now. Nothing more can be done with it");
    }

    #[test]
    fn a_refusal_tells_nothing_of_an_order_that_is_not_granted() {
        let now = || Standing { state: State::Shipped, version: 3, allowed: vec![Step::Deliver] };
        let illegal = Refusal::illegal(7, Step::Pack, now(), Illegal::NotNow);
        let conflict = Refusal::conflict(7, 2, now());
        let never = Refusal::illegal(7, Step::Pack, now(), Illegal::Never);
        let all = Telling { state: true, version: true };
        for refusal in [&illegal, &conflict, &never] {
            assert_eq!(refusal.clone().as_far_as(7, Step::Pack, all), *refusal);
            let told = refusal.clone().as_far_as(7, Step::Pack, Telling { state: false, version: true });
            assert!(!told.message.contains("shipped"), "{told:?}");
            assert_eq!((told.code, told.state, told.allowed, told.version), (refusal.code, None, None, Some(3)));
            let told = refusal.clone().as_far_as(7, Step::Pack, Telling { state: true, version: false });
            assert!(!told.message.contains('3'), "{told:?}");
            assert_eq!((told.state, told.version), (Some(State::Shipped), None));
        }
    }

    #[test]
    fn a_refusal_tells_only_what_it_has_to_tell() {
        let text = serde_json::to_string(&Refusal::not_found(7)).unwrap();
        assert_eq!(text, r#"{"code":"not_found","message":"There is no order 7"}"#);
    }
}
