//! What went through a server in the last minutes, in steps of about the same length. Pure: what there is comes as numbers that only grow.

use super::report::{STEPS, Step};
use crate::hub::{DELAYS, DELAYS_MS, Flowed};
use std::{collections::VecDeque, time::Duration};

/// What stands for longer than is measured, in milliseconds.
const BEYOND_MS: u64 = 10_000;

/// The last steps.
#[derive(Debug)]
pub(super) struct History {
    before: Flowed,
    steps: VecDeque<Step>,
}

impl History {
    /// Nothing has gone through but this.
    pub(super) fn from(now: Flowed) -> Self {
        Self { before: now, steps: VecDeque::with_capacity(STEPS) }
    }

    /// A step ends that began `at`, in seconds since the Unix epoch, and was so long.
    pub(super) fn step(&mut self, at: i64, length: Duration, now: Flowed) {
        let before = std::mem::replace(&mut self.before, now);
        let delays: [u64; DELAYS] = std::array::from_fn(|place| now.delays[place] - before.delays[place]);
        if self.steps.len() >= STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(Step {
            at,
            millis: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
            changes: now.changes - before.changes,
            frames: now.frames - before.frames,
            bytes: now.bytes - before.bytes,
            typical: within(&delays, 50),
            nearly_all: within(&delays, 95),
        });
    }

    /// From the earliest step on.
    pub(super) fn steps(&self) -> Vec<Step> {
        self.steps.iter().copied().collect()
    }
}

/// In how many milliseconds so many of a hundred were made, at most.
fn within(delays: &[u64; DELAYS], of_hundred: u64) -> Option<u64> {
    let all: u64 = delays.iter().sum();
    let mut sum = 0;
    let place = delays.iter().position(|count| {
        sum += count;
        sum > 0 && sum * 100 >= all * of_hundred
    })?;
    Some(DELAYS_MS.get(place).copied().unwrap_or(BEYOND_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_what_came_since_the_one_before_and_the_oldest_goes() {
        let mut now = Flowed { changes: 100, frames: 100, bytes: 1_000, ..Flowed::default() };
        let mut history = History::from(now);
        for at in 0..=STEPS as i64 {
            now.changes += 1;
            now.frames += 2;
            now.bytes += 30;
            history.step(at, Duration::from_millis(5_020), now);
        }
        let steps = history.steps();
        assert_eq!((steps.len(), steps[0].at, steps[0].millis), (STEPS, 1, 5_020));
        assert!(steps.iter().all(|step| (step.changes, step.frames, step.bytes) == (1, 2, 30)));
        assert_eq!(steps[0].typical, None, "nothing was delivered");
    }

    #[test]
    fn half_and_nearly_all_are_told_by_the_slowest_among_them() {
        let delays = |few: &[(usize, u64)]| {
            let mut delays = [0; DELAYS];
            few.iter().for_each(|(place, count)| delays[*place] = *count);
            delays
        };
        let (typical, nearly_all) = (|d: &_| within(d, 50), |d: &_| within(d, 95));
        let even = delays(&[(0, 90), (3, 5), (6, 5)]);
        assert_eq!((typical(&even), nearly_all(&even)), (Some(1), Some(10)));
        let one = delays(&[(DELAYS - 1, 1)]);
        assert_eq!((typical(&one), nearly_all(&one)), (Some(BEYOND_MS), Some(BEYOND_MS)));
        assert_eq!(within(&delays(&[]), 50), None);
    }
}
