//! Points in time as a page shows them: exact in UTC, and relative to now.
//!
//! Pure: it never asks what time it is. What the server renders must be what the browser hydrates, so the exact form
//! knows neither locale nor time zone.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Microseconds since the Unix epoch: the precision of a Postgres `timestamptz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads what Postgres writes into JSON: `2026-11-22T21:07:54.123456+00:00`, with one to six digits after the point or
    /// none, in any zone.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', ' '])?;
        let (year, month, day) = three(date, '-')?;
        let zone_at = time.find(['+', '-', 'Z'])?;
        let (clock, zone) = time.split_at(zone_at);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let (hour, minute, second) = three(clock, ':')?;
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second;
        Some(Self((seconds - offset(zone)?) * MICROS_PER_SECOND + micros(fraction)?))
    }

    /// Milliseconds since the Unix epoch, as browsers count.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// `2026-11-22T21:07:54Z`, for machines.
    pub fn iso(self) -> String {
        let (year, month, day, hour, minute, second) = self.parts();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// `2026-11-22T21:07:54.123456Z`: all that there is.
    pub fn exact(self) -> String {
        let (year, month, day, hour, minute, second) = self.parts();
        let micros = self.0.rem_euclid(MICROS_PER_SECOND);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }

    /// `2026-11-22 21:07 UTC`.
    pub fn to_the_minute(self) -> String {
        let (year, month, day, hour, minute, _) = self.parts();
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
    }

    /// `2026-11-22 21:07:54 UTC`.
    pub fn to_the_second(self) -> String {
        let (year, month, day, hour, minute, second) = self.parts();
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }

    /// How long ago this was at `now` (milliseconds since the Unix epoch). What lies ahead of `now` is a clock that is
    /// set differently, not the future.
    pub fn relative(self, now: i64) -> String {
        let seconds = (now - self.millis()) / 1_000;
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / SECONDS_PER_DAY);
        match days {
            _ if seconds < 45 => "just now".to_owned(),
            _ if hours < 1 => format!("{} min ago", minutes.max(1)),
            0 => format!("{hours} h ago"),
            1 => "yesterday".to_owned(),
            2..60 => format!("{days} days ago"),
            60..730 => format!("{} months ago", days / 30),
            _ => format!("{} years ago", days / 365),
        }
    }

    fn parts(self) -> (i64, i64, i64, i64, i64, i64) {
        let seconds = self.0.div_euclid(MICROS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let rest = seconds.rem_euclid(SECONDS_PER_DAY);
        (year, month, day, rest / 3_600, rest / 60 % 60, rest % 60)
    }
}

fn three(text: &str, separator: char) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator).map(|part| part.parse::<u32>().ok().map(i64::from));
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), Some(c), None) => Some((a?, b?, c?)),
        _ => None,
    }
}

fn micros(fraction: &str) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    let digits = u32::try_from(fraction.len()).ok().filter(|digits| *digits <= 6)?;
    Some(i64::from(fraction.parse::<u32>().ok()?) * 10_i64.pow(6 - digits))
}

/// Seconds east of UTC of `Z`, `+02`, `+02:00` or `-05:30`.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let seconds = i64::from(hours.parse::<u32>().ok()?) * 3_600 + i64::from(minutes.parse::<u32>().ok()?) * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// Days since 1970-01-01 of a date in the Gregorian calendar, counting years from March so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// As a number: a page carries thousands of them.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

/// From a number, or from the text that Postgres writes.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl de::Visitor<'_> for Either {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_i64<E: de::Error>(self, micros: i64) -> Result<Timestamp, E> {
                Ok(Timestamp(micros))
            }

            fn visit_u64<E: de::Error>(self, micros: u64) -> Result<Timestamp, E> {
                i64::try_from(micros).map(Timestamp).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).ok_or_else(|| E::custom(format!("{text:?} is not a time")))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_of_postgres_reads_and_writes_to_the_second() {
        let time = Timestamp::parse("2026-11-22T21:07:54.123456+00:00").expect("reads");
        assert_eq!(time.0 % MICROS_PER_SECOND, 123_456);
        assert_eq!(time.to_the_second(), "2026-11-22 21:07:54 UTC");
        assert_eq!(time.to_the_minute(), "2026-11-22 21:07 UTC");
        assert_eq!(time.iso(), "2026-11-22T21:07:54Z");
    }

    #[test]
    fn zones_and_short_fractions_are_understood() {
        let zulu = Timestamp::parse("2026-01-01T00:00:00.5Z").expect("reads");
        assert_eq!(Timestamp::parse("2025-12-31T18:30:00.500-05:30"), Some(zulu));
        assert_eq!(Timestamp::parse("2026-01-01 02:00:00.5+02"), Some(zulu));
    }

    #[test]
    fn every_day_of_eight_hundred_years_survives_the_calendar() {
        for days in -146_097..146_097 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(civil_from_days(11_016), (2000, 2, 29));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in
            ["", "infinity", "2026-11-22", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn relative_times_grow_coarser_and_never_lie_in_the_future() {
        let then = Timestamp(0);
        let at = |seconds: i64| then.relative(seconds * 1_000);
        assert_eq!([at(-90), at(44)], ["just now", "just now"]);
        assert_eq!([at(45), at(150), at(3_599)], ["1 min ago", "2 min ago", "59 min ago"]);
        assert_eq!([at(3_600), at(86_399)], ["1 h ago", "23 h ago"]);
        assert_eq!([at(86_400), at(5 * 86_400)], ["yesterday", "5 days ago"]);
        assert_eq!([at(61 * 86_400), at(800 * 86_400)], ["2 months ago", "2 years ago"]);
    }

    #[test]
    fn a_page_carries_times_as_numbers_and_reads_both_forms() {
        let time = Timestamp::parse("2026-11-22T21:07:54.1+00:00").expect("reads");
        let number = serde_json::to_string(&time).expect("writes");
        assert_eq!(serde_json::from_str::<Timestamp>(&number).expect("reads"), time);
        assert_eq!(serde_json::from_str::<Timestamp>(r#""2026-11-22T21:07:54.1+00:00""#).expect("reads"), time);
    }
}
