//! What has come over the connection, for those who want to know how it is doing. Pure.

/// Counted since the page was opened, whatever connection it came over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Frames received.
    pub frames: u64,
    /// Their bytes, before the network compressed them.
    pub bytes: u64,
    /// How long the last answer to a [`ping`](super::Connection::ping) took, in milliseconds. None yet, or none on this connection.
    pub round_trip_ms: Option<f64>,
}

impl Traffic {
    pub(super) fn received(&mut self, text: &str) {
        self.frames += 1;
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
    }

    /// An answer to what was asked at a time came at another one, in milliseconds by the same clock.
    #[cfg_attr(not(any(test, feature = "hydrate")), expect(dead_code, reason = "only a browser has a transport"))]
    pub(super) fn answered(&mut self, asked_ms: f64, now_ms: f64) {
        // A clock that was set back meanwhile knows nothing of it.
        self.round_trip_ms = Some(now_ms - asked_ms).filter(|took| *took >= 0.0);
    }

    /// What came from then to now, by the second. None if no time has passed.
    pub fn since(&self, then: &Self, seconds: f64) -> Option<Rate> {
        (seconds > 0.0).then(|| Rate {
            frames: self.frames.saturating_sub(then.frames) as f64 / seconds,
            bytes: self.bytes.saturating_sub(then.bytes) as f64 / seconds,
        })
    }
}

/// How much comes in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Frames.
    pub frames: f64,
    /// Bytes.
    pub bytes: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_counted_and_told_by_the_second() {
        let mut traffic = Traffic::default();
        traffic.received("1234");
        let then = traffic;
        traffic.received("äö");
        traffic.received("");
        assert_eq!((traffic.frames, traffic.bytes), (3, 8));
        assert_eq!(traffic.since(&then, 2.0), Some(Rate { frames: 1.0, bytes: 2.0 }));
        assert_eq!(then.since(&traffic, 1.0), Some(Rate::default()), "never less than nothing");
        assert_eq!(traffic.since(&then, 0.0), None);
    }

    #[test]
    fn an_answer_before_its_question_is_none() {
        let mut traffic = Traffic::default();
        traffic.answered(1_000.0, 1_003.5);
        assert_eq!(traffic.round_trip_ms, Some(3.5));
        traffic.answered(1_000.0, 999.0);
        assert_eq!(traffic.round_trip_ms, None);
    }
}
