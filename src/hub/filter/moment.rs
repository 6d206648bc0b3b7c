//! Dates, times and intervals as Postgres writes them under the settings that are pinned for rows: ISO, UTC.
//!
//! What counts is their order. Moments become microseconds since 2000 began, in 128 bits, because dates reach further than
//! timestamps do.

const SECOND: i128 = 1_000_000;
const DAY: i128 = 86_400 * SECOND;
/// Days from the epoch of the calendar's arithmetic, 1 March of year 0, to 1 January 2000.
const DAYS_TO_2000: i64 = 730_425;

/// `2020-02-29`, `2020-02-29T12:00:00.5`, `…+00:00`, `… BC`, `infinity`, `-infinity`; microseconds.
pub(super) fn moment(text: &str) -> Option<i128> {
    match text {
        "infinity" => return Some(i128::MAX),
        "-infinity" => return Some(i128::MIN),
        _ => {}
    }
    let (text, bc) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (date, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if bc { 1 - i64::from(year) } else { i64::from(year) };
    let days = days(year, i64::from(month), i64::from(day));
    let (time, zone) = match time {
        None => (0, 0),
        Some(time) => zoned(time)?,
    };
    Some(i128::from(days) * DAY + time - i128::from(zone) * SECOND)
}

/// Days since 2000 began, in the Gregorian calendar without end on either side.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day
        - 1
        - DAYS_TO_2000
}

/// `12:34:56.789`; microseconds.
pub(super) fn time(text: &str) -> Option<i128> {
    let mut parts = text.splitn(3, ':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let number = |digits: &str| digits.parse::<u32>().ok().map(i128::from);
    let micros = if fraction.is_empty() {
        0
    } else {
        number(fraction)? * 10_i128.checked_pow(6_u32.checked_sub(u32::try_from(fraction.len()).ok()?)?)?
    };
    Some((number(hours)? * 3600 + number(minutes)? * 60 + number(whole)?) * SECOND + micros)
}

/// A time and the seconds by which its zone is ahead: `12:00:00+02`, `12:00:00-05:30`, `12:00:00`.
fn zoned(text: &str) -> Option<(i128, i32)> {
    let Some(at) = text.find(['+', '-']) else { return Some((time(text)?, 0)) };
    let (clock, zone) = text.split_at(at);
    let mut seconds = 0;
    for (part, unit) in zone[1..].splitn(3, ':').zip([3600, 60, 1]) {
        seconds += part.parse::<i32>().ok()? * unit;
    }
    Some((time(clock)?, if zone.starts_with('-') { -seconds } else { seconds }))
}

/// A time in a zone, in its order: first the moment of the day in UTC, then the zone, from east to west.
pub(super) fn timetz(text: &str) -> Option<(i128, i32)> {
    let (time, zone) = zoned(text)?;
    Some((time - i128::from(zone) * SECOND, -zone))
}

/// `1 year 2 mons -3 days +04:05:06.5`; microseconds, a month being 30 days, as Postgres compares intervals.
pub(super) fn interval(text: &str) -> Option<i128> {
    match text {
        "infinity" => return Some(i128::MAX),
        "-infinity" => return Some(i128::MIN),
        _ => {}
    }
    let mut total = 0;
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (negative, clock) = match word.as_bytes().first()? {
                b'-' => (true, &word[1..]),
                b'+' => (false, &word[1..]),
                _ => (false, word),
            };
            let clock = time(clock)?;
            total += if negative { -clock } else { clock };
            continue;
        }
        let count: i128 = word.parse().ok()?;
        total += count
            * match words.next()? {
                "year" | "years" => 360 * DAY,
                "mon" | "mons" => 30 * DAY,
                "day" | "days" => DAY,
                _ => return None,
            };
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_order() {
        let ordered = [
            "-infinity",
            "4713-01-01T00:00:00 BC",
            "0044-03-15 BC",
            "0001-12-31T23:59:59.999999+00:00 BC",
            "0001-01-01",
            "1999-12-31",
            "2000-01-01T00:00:00.000001",
            "2000-02-29",
            "2000-03-01T00:00:00+00:00",
            "294276-12-31T23:59:59",
            "5874897-12-31",
            "infinity",
        ];
        let moments: Vec<_> = ordered.iter().map(|text| moment(text).expect("reads")).collect();
        assert!(moments.is_sorted_by(|a, b| a < b), "{moments:?}");
        assert_eq!(moment("2000-01-02"), Some(DAY));
        assert_eq!(moment("1970-01-01T00:00:00"), Some(-10_957 * DAY));
    }

    #[test]
    fn times_in_zones_are_compared_in_utc_then_by_zone() {
        assert!(timetz("12:00:00+02").expect("reads") < timetz("12:00:00+01").expect("reads"));
        assert!(timetz("12:00:00+02").expect("reads") < timetz("10:00:00+00").expect("reads"));
        assert_eq!(timetz("00:00:00-05:30"), Some((19_800 * SECOND, 19_800)));
    }

    #[test]
    fn intervals_count_a_month_as_thirty_days() {
        assert_eq!(interval("1 mon"), interval("30 days"));
        assert_eq!(interval("1 year -2 mons +3 days -04:05:06.5"), Some(303 * DAY - 14_706_500_000));
        assert_eq!(interval("00:00:00"), Some(0));
        assert_eq!(interval("24:00:00"), interval("1 day"));
    }
}
