//! What may become of an order, and by whom: the one table of legal transitions. Pages use it to offer what is possible, the
//! server to refuse what is not.

use super::state::State;
use crate::protocol::Role;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Something that somebody does with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Pay for it, or note that it is paid.
    Pay,
    /// Take its pieces from their shelves.
    Pick,
    /// Put them into a parcel.
    Pack,
    /// Hand the parcel over.
    Ship,
    /// Note that the customer has it.
    Deliver,
    /// Give it up.
    Cancel,
    /// Take it back.
    Return,
}

/// Who somebody is to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// They work here; it may be their own order, too.
    Staff,
    /// It is theirs.
    Owner,
    /// To them there is no such order.
    Stranger,
}

impl Actor {
    /// Who somebody of this role, with this account, is to the order of this customer.
    pub fn of(role: Role, account: Option<i64>, customer: Option<i64>) -> Self {
        match (role >= Role::Staff, account) {
            (true, _) => Self::Staff,
            (false, Some(_)) if role == Role::Customer && account == customer => Self::Owner,
            _ => Self::Stranger,
        }
    }
}

/// Why a step is not legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illegal {
    /// Whoever asks may never do this.
    Never,
    /// They may, but not with an order in this state.
    NotNow,
}

impl Step {
    /// All of them, in the order in which an order meets them.
    pub const ALL: [Self; 7] =
        [Self::Pay, Self::Pick, Self::Pack, Self::Ship, Self::Deliver, Self::Cancel, Self::Return];

    /// As it is written in addresses and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Pick => "pick",
            Self::Pack => "pack",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Cancel => "cancel",
            Self::Return => "return",
        }
    }

    /// For a button.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pay => "Pay",
            Self::Pick => "Pick",
            Self::Pack => "Pack",
            Self::Ship => "Ship",
            Self::Deliver => "Deliver",
            Self::Cancel => "Cancel",
            Self::Return => "Return",
        }
    }

    /// What the order is afterwards.
    pub const fn target(self) -> State {
        match self {
            Self::Pay => State::Paid,
            Self::Pick => State::Picked,
            Self::Pack => State::Packed,
            Self::Ship => State::Shipped,
            Self::Deliver => State::Delivered,
            Self::Cancel => State::Cancelled,
            Self::Return => State::Returned,
        }
    }

    /// The states from which somebody may do this. This is the table.
    pub const fn sources(self, actor: Actor) -> &'static [State] {
        use State::*;
        match (self, actor) {
            (_, Actor::Stranger) => &[],
            (Self::Pay, _) => &[Placed],
            (Self::Cancel, Actor::Owner) => &[Placed, Paid],
            (_, Actor::Owner) => &[],
            (Self::Pick, Actor::Staff) => &[Paid],
            (Self::Pack, Actor::Staff) => &[Picked],
            (Self::Ship, Actor::Staff) => &[Packed],
            (Self::Deliver, Actor::Staff) => &[Shipped],
            (Self::Cancel, Actor::Staff) => &[Placed, Paid, Picked, Packed],
            // A parcel may be refused at the door.
            (Self::Return, Actor::Staff) => &[Shipped, Delivered],
        }
    }

    /// Whether somebody may do this with an order in this state: what it is afterwards, or why not.
    pub fn check(self, from: State, actor: Actor) -> Result<State, Illegal> {
        match self.sources(actor) {
            [] => Err(Illegal::Never),
            sources if sources.contains(&from) => Ok(self.target()),
            _ => Err(Illegal::NotNow),
        }
    }

    /// Everything that somebody may do with an order in this state.
    pub fn allowed(from: State, actor: Actor) -> Vec<Self> {
        Self::ALL.into_iter().filter(|step| step.check(from, actor).is_ok()).collect()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A word that is no step's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nothing to do with an order: there are pay, pick, pack, ship, deliver, cancel and return")]
pub struct UnknownStep(pub String);

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(word: &str) -> Result<Self, UnknownStep> {
        Self::ALL.into_iter().find(|step| step.word() == word).ok_or_else(|| UnknownStep(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::*;

    #[test]
    fn steps_are_read_as_they_are_written() {
        for step in Step::ALL {
            assert_eq!(step.word().parse(), Ok(step));
            assert_eq!(serde_json::to_string(&step).unwrap(), format!("{:?}", step.word()));
            assert!(UnknownStep(String::new()).to_string().contains(step.word()));
        }
        assert!("paid".parse::<Step>().is_err());
    }

    #[test]
    fn every_state_offers_each_person_what_the_rules_say_and_no_more() {
        use Step::*;
        let rules: [(State, &[Step], &[Step]); 8] = [
            (Placed, &[Pay, Cancel], &[Pay, Cancel]),
            (Paid, &[Pick, Cancel], &[Cancel]),
            (Picked, &[Pack, Cancel], &[]),
            (Packed, &[Ship, Cancel], &[]),
            (Shipped, &[Deliver, Return], &[]),
            (Delivered, &[Return], &[]),
            (Cancelled, &[], &[]),
            (Returned, &[], &[]),
        ];
        for (state, staff, owner) in rules {
            assert_eq!(Step::allowed(state, Actor::Staff), staff, "{state}");
            assert_eq!(Step::allowed(state, Actor::Owner), owner, "{state}");
            assert!(Step::allowed(state, Actor::Stranger).is_empty(), "{state}");
            assert_eq!(state.is_final(), staff.is_empty(), "{state}");
        }
    }

    #[test]
    fn what_somebody_may_never_do_is_told_from_what_they_may_not_do_now() {
        assert_eq!(Step::Pick.check(Paid, Actor::Owner), Err(Illegal::Never));
        assert_eq!(Step::Cancel.check(Packed, Actor::Owner), Err(Illegal::NotNow));
        assert_eq!(Step::Pack.check(Paid, Actor::Staff), Err(Illegal::NotNow));
        assert_eq!(Step::Pay.check(Placed, Actor::Stranger), Err(Illegal::Never));
    }

    #[test]
    fn an_order_is_owned_by_the_account_of_its_customer_only() {
        let of = |role, account, customer| Actor::of(role, account, customer);
        assert_eq!(of(Role::Customer, Some(7), Some(7)), Actor::Owner);
        assert_eq!(of(Role::Customer, Some(7), Some(8)), Actor::Stranger);
        assert_eq!(of(Role::Customer, None, None), Actor::Stranger, "a token owns nothing, whatever nobody owns");
        assert_eq!(of(Role::Anonymous, Some(7), Some(7)), Actor::Stranger);
        assert_eq!(of(Role::Staff, Some(7), Some(7)), Actor::Staff);
        assert_eq!(of(Role::Admin, None, Some(8)), Actor::Staff);
    }
}
