//! The states of an order. Which step leads from which to which is `step`'s business.

use super::step::Step;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What has become of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its pieces are set aside; nobody has paid.
    Placed,
    /// It may be worked on.
    Paid,
    /// Its pieces were taken from their shelves.
    Picked,
    /// They are in a parcel.
    Packed,
    /// The parcel is on its way.
    Shipped,
    /// The customer has it.
    Delivered,
    /// Given up before it was shipped; its pieces are back in stock.
    Cancelled,
    /// Sent back, or refused at the door; its pieces are back in stock.
    Returned,
}

impl State {
    /// All of them, in the order in which an order runs through them; the two that end it early come last.
    pub const ALL: [Self; 8] = [
        Self::Placed,
        Self::Paid,
        Self::Picked,
        Self::Packed,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::Returned,
    ];

    /// As it is written in tables, events and addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Picked => "picked",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Placed => "Placed",
            Self::Paid => "Paid",
            Self::Picked => "Picked",
            Self::Packed => "Packed",
            Self::Shipped => "Shipped",
            Self::Delivered => "Delivered",
            Self::Cancelled => "Cancelled",
            Self::Returned => "Returned",
        }
    }

    /// The one step that leads here; none to where an order begins.
    pub const fn reached_by(self) -> Option<Step> {
        match self {
            Self::Placed => None,
            Self::Paid => Some(Step::Pay),
            Self::Picked => Some(Step::Pick),
            Self::Packed => Some(Step::Pack),
            Self::Shipped => Some(Step::Ship),
            Self::Delivered => Some(Step::Deliver),
            Self::Cancelled => Some(Step::Cancel),
            Self::Returned => Some(Step::Return),
        }
    }

    /// Whether the order's pieces are missing from the stock: set aside, under way, or with the customer.
    pub const fn holds_stock(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Returned)
    }

    /// Whether nothing can become of it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Returned)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A word that is no state's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no state of an order: there are placed, paid, picked, packed, shipped, delivered, cancelled and returned"
)]
pub struct UnknownState(pub String);

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.word() == word).ok_or_else(|| UnknownState(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(state.word().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("{:?}", state.word()));
            assert!(UnknownState(String::new()).to_string().contains(state.word()));
        }
        assert!("Placed".parse::<State>().is_err() && "".parse::<State>().is_err());
    }

    #[test]
    fn the_step_that_leads_to_a_state_leads_there() {
        for state in State::ALL {
            assert!(state.reached_by().is_none_or(|step| step.target() == state));
        }
        assert_eq!(State::ALL.iter().filter_map(|state| state.reached_by()).count(), Step::ALL.len());
    }
}
