//! What stands above each message of a list: its day, who said it, where what is new begins. Pure.

use super::rows::Message;
use crate::app::time::Timestamp;
use std::collections::HashMap;

const MICROS_PER_DAY: i64 = 86_400 * 1_000_000;
const MILLIS_PER_DAY: i64 = 86_400 * 1_000;
/// What one person says within this time of each other stands together, in microseconds.
const TOGETHER: i64 = 5 * 60 * 1_000_000;

/// Above a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// It is the first of its day: days since 1970-01-01, in UTC.
    pub(super) day: Option<i64>,
    /// It is the first of those that one person said in a row.
    pub(super) says_who: bool,
    /// It is the first that was not read when the conversation was opened.
    pub(super) is_new: bool,
}

/// By the messages' numbers.
pub(super) type Heads = HashMap<i64, Head>;

/// `rows`: in the order in which they are shown. `read`: up to where whoever looks, `me`, had read.
pub(super) fn heads(rows: &[Message], me: i64, read: Option<i64>) -> Heads {
    let mut heads = Heads::with_capacity(rows.len());
    let mut before: Option<&Message> = None;
    let mut is_marked = false;
    for row in rows {
        let day = row.at.0.div_euclid(MICROS_PER_DAY);
        let is_first = before.is_none_or(|before| before.at.0.div_euclid(MICROS_PER_DAY) != day);
        let goes_on = before.is_some_and(|before| {
            (before.author, &before.author_name) == (row.author, &row.author_name)
                && before.deleted_at.is_none()
                && (row.at.0 - before.at.0).abs() < TOGETHER
        });
        // Where nothing that was read is shown, all of it is new.
        let is_new =
            !is_marked && before.is_some() && row.author != Some(me) && read.is_some_and(|read| row.number > read);
        is_marked |= is_new;
        heads.insert(
            row.number,
            Head { day: is_first.then_some(day), says_who: is_first || is_new || !goes_on, is_new },
        );
        before = Some(row);
    }
    heads
}

/// A day, as people say it on the day that `now` (milliseconds since the Unix epoch) is in.
pub(super) fn called(day: i64, now: i64) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    match now.div_euclid(MILLIS_PER_DAY) - day {
        0 => return "Today".to_owned(),
        1 => return "Yesterday".to_owned(),
        _ => {}
    }
    let iso = Timestamp(day * MICROS_PER_DAY).iso();
    let mut parts = iso.split(['-', 'T']);
    let (year, month, date) = (parts.next(), parts.next(), parts.next());
    let month = month.and_then(|month| month.parse::<usize>().ok()).and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let weekday = usize::try_from(day.rem_euclid(7)).ok().and_then(|day| DAYS.get(day));
    match (year, month, date, weekday) {
        (Some(year), Some(month), Some(date), Some(weekday)) => {
            format!("{weekday}, {} {month} {year}", date.trim_start_matches('0'))
        }
        _ => iso,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1_000_000;

    fn said(number: i64, author: i64, minutes: i64) -> Message {
        Message {
            chat: 1,
            number,
            author: Some(author),
            author_name: author.to_string(),
            key: String::new(),
            text: "x".to_owned(),
            mentions: Vec::new(),
            mentioned: Vec::new(),
            at: Timestamp(minutes * MINUTE),
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
        }
    }

    fn names(rows: &[Message], read: Option<i64>) -> Vec<(bool, bool, bool)> {
        let heads = heads(rows, 9, read);
        rows.iter().map(|row| heads[&row.number]).map(|head| (head.day.is_some(), head.says_who, head.is_new)).collect()
    }

    #[test]
    fn what_one_person_says_in_a_row_stands_together_within_a_day() {
        let rows = [
            said(1, 1, 0),
            said(2, 1, 4),
            said(3, 2, 5),
            said(4, 1, 6),
            said(5, 1, 12),
            said(6, 1, 24 * 60),
            said(7, 1, 24 * 60 + 1),
        ];
        assert_eq!(
            names(&rows, None).iter().map(|(day, who, _)| (*day, *who)).collect::<Vec<_>>(),
            [(true, true), (false, false), (false, true), (false, true), (false, true), (true, true), (false, false)]
        );
    }

    #[test]
    fn after_what_was_deleted_it_is_said_anew_who_speaks() {
        let mut rows = [said(1, 1, 0), said(2, 1, 1)];
        rows[0].deleted_at = Some(Timestamp(0));
        assert!(names(&rows, None)[1].1);
    }

    #[test]
    fn what_is_new_begins_once_and_with_somebody_else() {
        let rows = [said(1, 1, 0), said(2, 9, 1), said(3, 1, 2), said(4, 1, 3)];
        assert_eq!(names(&rows, Some(1)).iter().map(|head| head.2).collect::<Vec<_>>(), [false, false, true, false]);
        assert!(names(&rows, Some(4)).iter().all(|head| !head.2));
        assert!(!names(&rows, Some(0))[0].2, "all of it");
    }

    #[test]
    fn days_are_called_as_people_call_them() {
        let now = 20_784 * MILLIS_PER_DAY + 5;
        assert_eq!([called(20_784, now), called(20_783, now)], ["Today", "Yesterday"]);
        assert_eq!(called(0, now), "Thursday, 1 January 1970");
        assert_eq!(called(20_780, now), "Monday, 23 November 2026");
    }
}
