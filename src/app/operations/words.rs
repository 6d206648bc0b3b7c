//! Sizes, times and rates as people read them. Pure.

use crate::operations::report::STEP_SECONDS;

/// `512 B`, `1.2 kB`, `340 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_000.0;
    let mut unit = 0;
    // What would be shown as 1000 is shown in the next unit.
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    let decimals = usize::from(size < 9.95);
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// `350 ms`, `2.1 s`, `45 s`, `3 min`, `5 h`, `2 days`.
pub(super) fn duration(millis: u64) -> String {
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis} ms"),
        1..10 => format!("{:.1} s", millis as f64 / 1_000.0),
        10..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What came in one step, for each second: `0.4`, `12`, `3,400`.
pub(super) fn rate(in_step: i64) -> String {
    let tenths = in_step * 10 / STEP_SECONDS as i64;
    if tenths < 100 && tenths % 10 != 0 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        crate::app::inventory::grouped(tenths / 10)
    }
}

/// So many, and what: `1 session`, `12 sessions`.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", crate::app::inventory::grouped(i64::try_from(number).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_digits_and_a_unit() {
        let said = [0, 999, 1_000, 1_250, 12_400, 999_499, 999_999, 5_000_000_000, u64::MAX].map(bytes);
        assert_eq!(said, ["0 B", "999 B", "1.0 kB", "1.2 kB", "12 kB", "999 kB", "1.0 MB", "5.0 GB", "18447 PB"]);
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let said = [0, 350, 2_100, 45_000, 180_000, 18_000_000, 200_000_000].map(duration);
        assert_eq!(said, ["0 ms", "350 ms", "2.1 s", "45 s", "3 min", "5 h", "2 days"]);
    }

    #[test]
    fn rates_are_told_for_a_second() {
        assert_eq!([0, 2, 5, 47, 60, 17_000].map(rate), ["0", "0.4", "1", "9.4", "12", "3,400"]);
    }
}
