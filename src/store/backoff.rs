//! How long to wait before the next try: exponential, capped, with full jitter.
//!
//! Full jitter (each wait drawn evenly from zero to the current ceiling) spreads a thousand clients that lost the same
//! server better than adding a little noise to a fixed wait does; see the measurements in Amazon's Architecture Blog,
//! "Exponential Backoff And Jitter" (2015).

/// Ceiling of the first wait, in milliseconds.
const FIRST_CEILING_MS: u64 = 500;
/// Ceiling of all waits, in milliseconds.
const HIGHEST_CEILING_MS: u64 = 30_000;
/// Shortest wait, in milliseconds: a refused connection must not spin.
const SHORTEST_MS: u64 = 100;

/// Counts failed tries and draws the waits between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Notes a failed try and draws the wait before the next, in milliseconds. `jitter` is uniform in `[0, 1)`.
    pub fn fail(&mut self, jitter: f64) -> u64 {
        let ceiling = FIRST_CEILING_MS.saturating_mul(1 << self.failures.min(16)).min(HIGHEST_CEILING_MS);
        self.failures = self.failures.saturating_add(1);
        SHORTEST_MS + ((ceiling - SHORTEST_MS) as f64 * jitter.clamp(0.0, 1.0)) as u64
    }

    /// Starts over, after a connection has proved stable.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let ceilings: Vec<u64> = (0..9).map(|_| backoff.fail(1.0)).collect();
        assert_eq!(ceilings, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        backoff.reset();
        assert_eq!(backoff.fail(1.0), 500);
    }

    #[test]
    fn jitter_spreads_over_the_whole_range_and_never_spins() {
        let mut backoff = Backoff { failures: u32::MAX };
        assert_eq!(backoff.fail(0.0), SHORTEST_MS);
        assert!(backoff.fail(0.5) > 14_000);
    }
}
