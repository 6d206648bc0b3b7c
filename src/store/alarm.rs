//! When a timer has to be set for what is due: pure, so that it is tested without a browser.
//!
//! What is due moves further away with every frame; a timer that rings early is set again then, rather than with every frame.
//!
//! Invariant: whenever something is due, a timer is running that has not rung.

use super::machine::Millis;

/// Longest wait that browsers keep, in milliseconds: they take more for none at all.
const LONGEST_MS: u64 = 2_147_483_647;

/// What is known of the timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Alarm {
    /// When the one that is running is meant to ring.
    set_for: Option<Millis>,
}

/// What to do with the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Keep,
    /// Stop it.
    Stop,
    /// Start one that rings after so many milliseconds, in place of any other.
    Start(u32),
}

impl Alarm {
    /// The timer rang, early or late: it is running no more.
    pub(super) fn rang(&mut self) {
        self.set_for = None;
    }

    /// What to do if this is due, at the time `now`.
    pub(super) fn set(&mut self, due: Option<Millis>, now: Millis) -> Change {
        match (due, self.set_for) {
            (None, None) => Change::Keep,
            (None, Some(_)) => {
                self.set_for = None;
                Change::Stop
            }
            (Some(due), Some(set_for)) if set_for <= due => Change::Keep,
            (Some(due), _) => {
                self.set_for = Some(due);
                let wait = due.saturating_sub(now).min(LONGEST_MS);
                Change::Start(u32::try_from(wait).unwrap_or(u32::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_is_early_enough_is_kept_and_one_that_is_late_is_replaced() {
        let mut alarm = Alarm::default();
        assert_eq!(alarm.set(None, 0), Change::Keep);
        assert_eq!(alarm.set(Some(100), 10), Change::Start(90));
        assert_eq!(alarm.set(Some(150), 20), Change::Keep, "it rings early and is set again then");
        assert_eq!(alarm.set(Some(50), 20), Change::Start(30));
        assert_eq!(alarm.set(None, 30), Change::Stop);
        assert_eq!(alarm.set(Some(u64::MAX), 0), Change::Start(2_147_483_647));
    }

    #[test]
    fn a_timer_that_rang_before_its_time_is_set_again() {
        let mut alarm = Alarm::default();
        assert_eq!(alarm.set(Some(100), 0), Change::Start(100));
        // The clock that says what is due and the one that rings are not the same.
        alarm.rang();
        assert_eq!(alarm.set(Some(100), 99), Change::Start(1));
        alarm.rang();
        assert_eq!(alarm.set(Some(100), 101), Change::Start(0), "and so is one that rang without anything being done");
    }
}
