//! Where a row stands in an order, compared as the database compares. Pure.
//!
//! A window's rows travel as a set; whoever shows them sorts them. What is compared is the text of the columns as the
//! database wrote it, so numbers count with all their digits and text is in the order of its bytes ("C"), as everywhere
//! in the engine. Timestamps of our era sort as their text does.
//!
//! What a browser cannot know from a row's text alone: the order of an enumeration's labels (sorted here by name), and
//! dates before Christ or after the year 9999.

use crate::protocol::{Nulls, OrderBy};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, cmp::Ordering, collections::HashMap, iter};

/// The values that decide where a row stands: JSON texts of the columns of the order, then of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place(Vec<Box<str>>);

/// An order of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorting {
    sorts: bool,
    order: Vec<OrderBy>,
    /// Columns of the key, which break ties.
    key: Vec<String>,
}

impl Sorting {
    /// By these columns, then by the key.
    pub(super) fn by(order: &[OrderBy]) -> Self {
        Self { sorts: true, order: order.to_vec(), key: Vec::new() }
    }

    /// Whether rows have an order at all.
    pub(super) fn sorts(&self) -> bool {
        self.sorts
    }

    pub(super) fn keyed(&mut self, key: &[String]) {
        self.key = key.to_vec();
    }

    pub(super) fn key(&self) -> &[String] {
        &self.key
    }

    /// Where a row stands. Values that the row does not have count as null.
    pub(super) fn place(&self, row: &RawValue) -> Result<Place, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Values<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, &'a RawValue>);
        let Values(values) = serde_json::from_str(row.get())?;
        let columns = self.order.iter().map(|by| &by.column).chain(&self.key);
        Ok(Place(
            columns.map(|column| values.get(column.as_str()).map_or("null", |value| value.get()).into()).collect(),
        ))
    }

    /// Which of two rows comes first. Rows that the database has not placed yet come last.
    pub(super) fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let by = self.order.iter().map(|by| (by.desc, by.nulls));
        by.chain(iter::repeat((false, None)))
            .zip(a.0.iter().zip(&b.0))
            .map(|((desc, nulls), (a, b))| compare_values(&Value::read(a), &Value::read(b), desc, nulls))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| b.0.len().cmp(&a.0.len()))
    }
}

/// Two values as JSON text, from small to large, nulls last.
pub(super) fn compare_texts(a: &str, b: &str) -> Ordering {
    compare_values(&Value::read(a), &Value::read(b), false, None)
}

/// As in SQL, nulls count as larger than everything unless `nulls` says otherwise.
fn compare_values(a: &Value<'_>, b: &Value<'_>, desc: bool, nulls: Option<Nulls>) -> Ordering {
    let nulls_first = nulls.map_or(desc, |nulls| nulls == Nulls::First);
    match (a == &Value::Null, b == &Value::Null) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (false, true) if !nulls_first => Ordering::Less,
        (false, false) if desc => b.compare(a),
        (false, false) => a.compare(b),
        _ => Ordering::Greater,
    }
}

/// The number below all others. As a text it is sorted before all others, too: nobody names things so.
const LOWEST: &str = "-Infinity";

#[derive(Debug, PartialEq)]
enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    /// Arrays and objects: only equal ones matter, because no order of the server names them.
    Other(&'a str),
}

impl<'a> Value<'a> {
    fn read(text: &'a str) -> Self {
        match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => serde_json::from_str(text).map_or(Self::Other(text), |Unescaped(text)| Self::Text(text)),
            Some(b'-' | b'0'..=b'9') => Self::Number(text),
            _ => Self::Other(text),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => compare_numbers(a, b),
            (Self::Other(a), Self::Other(b)) => a.cmp(b),
            // Numbers that JSON cannot write are text: -Infinity, Infinity and, largest of all, NaN.
            (Self::Text(a), Self::Text(b)) => {
                (a != LOWEST).cmp(&(b != LOWEST)).then_with(|| a.as_bytes().cmp(b.as_bytes()))
            }
            (Self::Text(text), Self::Number(_)) if text == LOWEST => Ordering::Less,
            (Self::Number(_), Self::Text(text)) if text == LOWEST => Ordering::Greater,
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
            Self::Other(_) => 3,
            Self::Null => 4,
        }
    }
}

/// Borrows where nothing is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Unescaped<'a>(#[serde(borrow)] Cow<'a, str>);

fn compare_numbers(a: &str, b: &str) -> Ordering {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => Decimal::read(a).compare(&Decimal::read(b)),
    }
}

/// `0.d₁d₂d₃… × 10^exponent` with `d₁` not zero; no digits at all for zero.
struct Decimal {
    negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

impl Decimal {
    /// A number as JSON writes it.
    fn read(text: &str) -> Self {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = whole.bytes().chain(fraction.bytes());
        let leading = all.clone().take_while(|digit| *digit == b'0').count();
        let mut digits: Vec<u8> = all.skip(leading).collect();
        digits.truncate(digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1));
        let power: i64 = power.trim_start_matches('+').parse().unwrap_or(0);
        let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let exponent = power.saturating_add(places(whole.len())).saturating_sub(places(leading));
        Self { negative, exponent, digits }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let magnitude = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => magnitude(),
            _ => magnitude().reverse(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by(column: &str, desc: bool, nulls: Option<Nulls>) -> OrderBy {
        OrderBy { column: column.to_owned(), desc, nulls }
    }

    fn sorted(order: &[OrderBy], values: &[&str]) -> Vec<String> {
        let mut sorting = Sorting::by(order);
        sorting.keyed(&["id".to_owned()]);
        let row = |value: &&str| format!(r#"{{"id":1,"a":{value}}}"#);
        let place = |value: &&str| sorting.place(&RawValue::from_string(row(value)).expect("JSON")).expect("an object");
        let mut placed: Vec<(Place, String)> = values.iter().map(|value| (place(value), (*value).to_owned())).collect();
        placed.sort_by(|(a, _), (b, _)| sorting.compare(a, b));
        placed.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn numbers_count_with_all_their_digits() {
        let ascending = [
            r#""-Infinity""#,
            "-1e+30",
            "-12.5",
            "-12.49999999999999999999",
            "-0.001",
            "0.00",
            "1e-7",
            "0.1",
            "0.10000000000000000001",
            "9007199254740993",
            "9007199254740993.5",
            "123456789012345678901234567890",
            "1e+300",
            r#""Infinity""#,
            r#""NaN""#,
        ];
        let mut shuffled = ascending;
        shuffled.reverse();
        assert_eq!(sorted(&[by("a", false, None)], &shuffled), ascending);
    }

    #[test]
    fn text_is_in_the_order_of_its_bytes_and_timestamps_in_that_of_time() {
        let text = [r#""""#, r#""B""#, r#""a""#, r#""a\"""#, r#""ab""#, r#""ä""#];
        assert_eq!(sorted(&[by("a", false, None)], &[text[5], text[1], text[4], text[3], text[2], text[0]]), text);
        let times = [
            r#""-infinity""#,
            r#""2026-01-01T00:00:00+00:00""#,
            r#""2026-01-01T00:00:00.1+00:00""#,
            r#""2026-01-01T00:00:00.12+00:00""#,
            r#""infinity""#,
        ];
        assert_eq!(sorted(&[by("a", false, None)], &[times[4], times[3], times[1], times[2], times[0]]), times);
    }

    #[test]
    fn nulls_are_large_unless_told_otherwise() {
        let values = ["1", "null", "2"];
        assert_eq!(sorted(&[by("a", false, None)], &values), ["1", "2", "null"]);
        assert_eq!(sorted(&[by("a", true, None)], &values), ["null", "2", "1"]);
        assert_eq!(sorted(&[by("a", false, Some(Nulls::First))], &values), ["null", "1", "2"]);
        assert_eq!(sorted(&[by("a", true, Some(Nulls::Last))], &values), ["2", "1", "null"]);
    }

    #[test]
    fn rows_that_the_database_has_not_placed_are_last() {
        let sorting = Sorting::by(&[by("a", true, None)]);
        let placed = sorting.place(&RawValue::from_string(r#"{"a":null}"#.to_owned()).expect("JSON")).expect("reads");
        assert_eq!(sorting.compare(&Place::default(), &placed), Ordering::Greater);
        assert_eq!(sorting.compare(&placed, &Place::default()), Ordering::Less);
    }

    #[test]
    fn ties_are_in_the_order_of_the_key_whichever_way_the_list_runs() {
        let mut sorting = Sorting::by(&[by("a", true, None)]);
        sorting.keyed(&["id".to_owned()]);
        let place = |text: &str| sorting.place(&RawValue::from_string(text.to_owned()).expect("JSON")).expect("reads");
        assert_eq!(sorting.compare(&place(r#"{"id":2,"a":5}"#), &place(r#"{"id":10,"a":5.0}"#)), Ordering::Less);
    }

    proptest! {
        #[test]
        fn numbers_sort_as_doubles_do_where_doubles_are_exact(a in -1_000_000i32..1_000_000, b in -1_000_000i32..1_000_000, scale in 0usize..4) {
            // Quarters have an end in decimal and in binary.
            let (a, b) = (f64::from(a) / 4.0, f64::from(b) / 4.0);
            let written = |number: f64| if scale == 0 { format!("{number:e}") } else { format!("{number:.*}", scale + 1) };
            prop_assert_eq!(Decimal::read(&written(a)).compare(&Decimal::read(&written(b))), a.total_cmp(&b));
        }
    }
}
