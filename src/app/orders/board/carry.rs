//! An order in somebody's hand: what becomes of it where it is put down, and what is said meanwhile. Pure.

use crate::{
    app::orders::{notice::why_not, steps::needs_reason},
    orders::{Actor, State, Step},
};

/// By what it is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// A mouse, a finger, a pen.
    Pointer,
    /// The keyboard.
    Keys,
}

/// The order in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    /// Its number.
    pub(super) order: i64,
    /// What it is now.
    pub(super) from: State,
    /// By what.
    pub(super) means: Means,
    /// The column it is held over, if it is over one.
    pub(super) over: Option<State>,
}

/// What putting it down in a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is there already.
    Stays,
    /// This is done with it.
    Moves(Step),
    /// This is done with it once somebody has said why.
    Asks(Step),
    /// It cannot become that, and why: a sentence without its full stop.
    Refused(String),
}

impl Carried {
    pub(super) fn new(order: i64, from: State, means: Means) -> Self {
        Self { order, from, means, over: Some(from) }
    }

    /// What putting it down in `column` means.
    pub(super) fn on(self, column: State) -> Outcome {
        if column == self.from {
            return Outcome::Stays;
        }
        let Some(step) = column.reached_by() else {
            return Outcome::Refused("An order begins as placed; it does not become that again".to_owned());
        };
        match step.check(self.from, Actor::Staff) {
            Ok(_) if needs_reason(step) => Outcome::Asks(step),
            Ok(_) => Outcome::Moves(step),
            Err(_) => Outcome::Refused(why_not(self.order, step, self.from, Actor::Staff)),
        }
    }

    /// Whether it may be put down there.
    pub(super) fn fits(self, column: State) -> bool {
        matches!(self.on(column), Outcome::Moves(_) | Outcome::Asks(_))
    }

    /// Held over the column `steps` further; the ends of the board are its ends.
    pub(super) fn shifted(self, steps: isize) -> Self {
        let over = self.over.unwrap_or(self.from);
        Self { over: Some(neighbour(over, steps).unwrap_or(over)), ..self }
    }

    /// Said when it is picked up.
    pub(super) fn picked_up(self) -> String {
        let possible: Vec<_> = State::ALL.into_iter().filter(|state| self.fits(*state)).map(State::label).collect();
        let possible = if possible.is_empty() { "nowhere".to_owned() } else { possible.join(" or ") };
        format!("Order {} picked up from {}. It can go to {possible}.", self.order, self.from.label())
    }

    /// Said when it is held over another column.
    pub(super) fn held(self) -> String {
        let Some(over) = self.over else { return String::new() };
        let label = over.label();
        match self.on(over) {
            Outcome::Stays => format!("{label}, where it is."),
            Outcome::Moves(_) => format!("{label}."),
            Outcome::Asks(_) => format!("{label}, with a reason."),
            Outcome::Refused(_) => format!("{label}, not possible."),
        }
    }

    /// Said when it is let go where it was.
    pub(super) fn stays(self) -> String {
        format!("Order {} stays in {}.", self.order, self.from.label())
    }
}

/// The column `steps` to the right, or to the left.
pub(super) fn neighbour(column: State, steps: isize) -> Option<State> {
    let at = State::ALL.iter().position(|state| *state == column)?;
    State::ALL.get(at.checked_add_signed(steps)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(from: State) -> Carried {
        Carried::new(7, from, Means::Keys)
    }

    #[test]
    fn an_order_goes_where_the_domain_lets_it_go_and_nowhere_else() {
        for from in State::ALL {
            for step in Step::ALL {
                let legal = step.check(from, Actor::Staff).is_ok();
                assert_eq!(carried(from).fits(step.target()), legal, "{from} {step}");
            }
            assert_eq!(carried(from).on(from), Outcome::Stays);
        }
        assert!(!carried(State::Paid).fits(State::Placed));
    }

    #[test]
    fn what_ends_an_order_is_asked_why() {
        assert_eq!(carried(State::Paid).on(State::Cancelled), Outcome::Asks(Step::Cancel));
        assert_eq!(carried(State::Paid).on(State::Picked), Outcome::Moves(Step::Pick));
        let Outcome::Refused(reason) = carried(State::Placed).on(State::Packed) else { panic!("is not legal") };
        assert_eq!(reason, "Order 7 is placed, so it cannot be packed now. It can be paid or cancelled");
    }

    #[test]
    fn the_keys_do_not_leave_the_board() {
        let at_the_start = carried(State::Placed).shifted(-1);
        assert_eq!(at_the_start.over, Some(State::Placed));
        let at_the_end = (0..20).fold(carried(State::Placed), |carried, _| carried.shifted(1));
        assert_eq!(at_the_end.over, Some(State::Returned));
    }

    #[test]
    fn whoever_does_not_see_it_is_told() {
        let carried = carried(State::Placed);
        assert_eq!(carried.picked_up(), "Order 7 picked up from Placed. It can go to Paid or Cancelled.");
        assert_eq!(carried.shifted(1).held(), "Paid.");
        assert_eq!(carried.shifted(2).held(), "Picked, not possible.");
        assert_eq!(carried.shifted(6).held(), "Cancelled, with a reason.");
        assert_eq!(carried.stays(), "Order 7 stays in Placed.");
    }
}
