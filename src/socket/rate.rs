//! How fast a client may speak: so many frames per second on average, so many at once after it was quiet.

use std::time::Duration;
use tokio::time::Instant;

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is acted upon.
    Act,
    /// It is refused.
    Refuse,
    /// It is one refused frame too many.
    End,
}

/// The frames that one client may send at the moment.
#[derive(Debug)]
pub(super) struct Rate {
    /// Time that one frame takes.
    each: Duration,
    /// Time in which as many frames pass as may come at once.
    most: Duration,
    /// When all frames so far will have passed at the allowed rate: `most` from now is the latest.
    passed: Instant,
    /// Frames that may be refused before it is too much.
    patience: u32,
    /// Refused since the client was last quiet.
    refused: u32,
}

impl Rate {
    pub(super) fn new(per_second: u32, at_once: u32, now: Instant) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { each, most: each * at_once, passed: now, patience: at_once, refused: 0 }
    }

    /// One more frame came.
    pub(super) fn frame(&mut self, now: Instant) -> Verdict {
        if self.passed <= now {
            self.passed = now;
            self.refused = 0;
        }
        if self.passed + self.each <= now + self.most {
            self.passed += self.each;
            return Verdict::Act;
        }
        self.refused += 1;
        if self.refused > self.patience { Verdict::End } else { Verdict::Refuse }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rate: &mut Rate, now: Instant, frames: u32) -> [u32; 3] {
        let mut count = [0; 3];
        (0..frames).for_each(|_| count[rate.frame(now) as usize] += 1);
        count
    }

    #[test]
    fn so_many_may_come_at_once_and_then_so_many_per_second() {
        let start = Instant::now();
        let mut rate = Rate::new(100, 1_000, start);
        assert_eq!(count(&mut rate, start, 1_200), [1_000, 200, 0]);
        assert_eq!(count(&mut rate, start + Duration::from_secs(1), 150), [100, 50, 0]);
        assert_eq!(count(&mut rate, start + Duration::from_secs(60), 1_200), [1_000, 200, 0], "it was quiet");
    }

    #[test]
    fn who_goes_on_is_sent_away() {
        let start = Instant::now();
        let mut rate = Rate::new(100, 10, start);
        assert_eq!(count(&mut rate, start, 21), [10, 10, 1]);
    }

    #[test]
    fn who_keeps_to_the_rate_is_never_refused() {
        let start = Instant::now();
        let mut rate = Rate::new(100, 1, start);
        for n in 0..10_000 {
            assert_eq!(rate.frame(start + Duration::from_millis(10) * n), Verdict::Act, "{n}");
        }
    }
}
