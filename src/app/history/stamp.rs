//! A moment as addresses and forms have it: `2026-11-26T06:41:45.123456Z_4711`. What follows the time is the number of the change
//! that is meant, for clocks may say the same twice; people leave it out. Pure.

use crate::app::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands for the present where a moment is expected.
pub(super) const NOW: &str = "now";

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// After which change, if it is that of a transaction.
    pub seq: Option<i64>,
}

impl Stamp {
    /// Reads one. A time without a zone is in UTC, as fields for times have it; one without seconds is the full minute.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (time, seq) = match text.split_once('_') {
            Some((time, seq)) => (time, Some(seq.parse::<u64>().ok().and_then(|seq| i64::try_from(seq).ok())?)),
            None => (text, None),
        };
        let (date, clock) = time.split_once(['T', ' '])?;
        let zone_at = clock.find(['+', '-', 'Z']).unwrap_or(clock.len());
        let (clock, zone) = clock.split_at(zone_at);
        let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
        let zone = if zone.is_empty() { "Z" } else { zone };
        let at = Timestamp::parse(&format!("{date}T{clock}{seconds}{zone}"))?;
        Some(Self { at, seq })
    }

    /// As [`parse`](Self::parse) reads it.
    pub fn text(self) -> String {
        let seq = self.seq.map(|seq| format!("_{seq}")).unwrap_or_default();
        format!("{}{seq}", self.at.exact())
    }

    /// As a field for a time has it, to the second.
    pub fn field(self) -> String {
        let mut text = self.at.iso();
        text.truncate(text.len() - 1);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_as_what_wrote_it() {
        let stamp = Stamp::parse("2026-11-26T06:41:45.123456Z_1099511627777").expect("reads");
        assert_eq!(stamp.seq, Some(1_099_511_627_777));
        assert_eq!(stamp.text(), "2026-11-26T06:41:45.123456Z_1099511627777");
        assert_eq!(stamp.field(), "2026-11-26T06:41:45");
        assert_eq!(Stamp::parse(&stamp.text()), Some(stamp));
    }

    #[test]
    fn people_may_leave_out_zone_and_seconds() {
        let whole = Stamp::parse("2026-11-26T06:41:00Z");
        assert!(whole.is_some());
        for text in ["2026-11-26T06:41", "2026-11-26 06:41:00", " 2026-11-26T07:41+01:00 "] {
            assert_eq!(Stamp::parse(text), whole, "{text}");
        }
    }

    #[test]
    fn nonsense_is_no_moment() {
        for text in
            ["", "now", "2026-11-26", "2026-11-26T06:41:45Z_", "2026-11-26T06:41:45Z_-1", "2026-11-26T06:41:45Z_x", "_"]
        {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }
}
