//! Which time is looked at, and the steps that it is cut into. Pure.

use crate::app::time::Timestamp;

const MICROS: i64 = 1_000_000;
const MILLIS: i64 = 1_000;

/// Up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Range {
    /// Minute by minute.
    Hour,
    /// Hour by hour.
    #[default]
    Day,
    /// Day by day.
    Month,
}

impl Range {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// As the address has it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// What an address asks for. What it cannot mean is as if it asked for nothing.
    pub(super) fn read(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|range| Some(range.word()) == word).unwrap_or_default()
    }

    /// What it is called.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 hours",
            Self::Month => "Last 30 days",
        }
    }

    /// What a step of it is called.
    pub(super) const fn step_label(self) -> &'static str {
        match self {
            Self::Hour => "Minute",
            Self::Day => "Hour",
            Self::Month => "Day",
        }
    }

    /// How many steps it has.
    pub(super) const fn steps(self) -> usize {
        match self {
            Self::Hour => 60,
            Self::Day => 24,
            Self::Month => 30,
        }
    }

    /// How long one of them is, in seconds.
    const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 60,
            Self::Day => 3_600,
            Self::Month => 86_400,
        }
    }

    /// The number of the step in which `now` (milliseconds since the Unix epoch) is.
    pub(super) const fn step_at(self, now: i64) -> i64 {
        now.div_euclid(self.seconds() * MILLIS)
    }

    /// The first of the steps that end with `last`.
    pub(super) const fn first(self, last: i64) -> i64 {
        last - self.steps() as i64 + 1
    }

    /// When a step begins.
    pub(super) const fn begin(self, step: i64) -> Timestamp {
        Timestamp(step * self.seconds() * MICROS)
    }

    /// The same as Postgres reads and writes it without a time zone: `2026-11-27T06:05:00`.
    pub(super) fn text(self, step: i64) -> String {
        self.begin(step).iso().trim_end_matches('Z').to_owned()
    }

    /// The number of the step that begins then.
    pub(super) fn step_of(self, text: &str) -> Option<i64> {
        let begin = Timestamp::parse(&format!("{text}Z"))?;
        Some(begin.0.div_euclid(self.seconds() * MICROS))
    }

    /// What a step is called beside others: `06:05`, or `11-27` for a day.
    pub(super) fn name(self, step: i64) -> String {
        let text = self.text(step);
        match self {
            Self::Hour | Self::Day => text[11..16].to_owned(),
            Self::Month => text[5..10].to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-27 06:05:30 UTC.
    const NOW: i64 = 1_795_759_530_000;

    #[test]
    fn an_address_that_asks_for_nothing_known_asks_for_a_day() {
        assert_eq!([None, Some("hour"), Some("year")].map(Range::read), [Range::Day, Range::Hour, Range::Day]);
        assert!(Range::ALL.into_iter().all(|range| Range::read(Some(range.word())) == range));
    }

    #[test]
    fn steps_end_with_the_one_that_it_is() {
        let text = |range: Range| {
            let last = range.step_at(NOW);
            (range.text(range.first(last)), range.text(last), range.name(last))
        };
        let expected = |first: &str, last: &str, name: &str| (first.to_owned(), last.to_owned(), name.to_owned());
        assert_eq!(text(Range::Hour), expected("2026-11-27T05:06:00", "2026-11-27T06:05:00", "06:05"));
        assert_eq!(text(Range::Day), expected("2026-11-26T07:00:00", "2026-11-27T06:00:00", "06:00"));
        assert_eq!(text(Range::Month), expected("2026-10-29T00:00:00", "2026-11-27T00:00:00", "11-27"));
    }

    #[test]
    fn a_step_is_read_as_it_is_written() {
        for range in Range::ALL {
            let step = range.step_at(NOW);
            assert_eq!(range.step_of(&range.text(step)), Some(step));
        }
        assert_eq!(Range::Day.step_of("infinity"), None);
    }
}
