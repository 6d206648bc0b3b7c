//! Where a value stands in its type's order, as bytes.
//!
//! [`Order::write`] turns the JSON text of a value into bytes that compare, one by one, as Postgres compares the values: numbers
//! with all their digits, NaN above everything, dates before Christ, labels of an enumeration in their order. Text is in the order
//! of its bytes, which is the collation "C": what reads the same rows from the database has to say so. The bytes of several
//! values after each other compare as the values do, one after the other, because no value's bytes begin another's.
//!
//! Types of which the order is not known here are refused by [`is_ordered`], before anything is written.

use super::{Column, Kind, Unreadable};
use std::borrow::Cow;

/// Ends the bytes of something that has no length of its own; less than whatever else may come there.
const END: u8 = 0;

/// Which way values are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Order {
    /// From large to small.
    pub desc: bool,
    /// Nulls before all values, else after them.
    pub nulls_first: bool,
}

/// Whether the values of a kind can be ordered here exactly as Postgres orders them.
pub(super) fn is_ordered(kind: &Kind) -> bool {
    !matches!(kind, Kind::Interval | Kind::Json | Kind::Jsonb | Kind::Array { .. } | Kind::Other)
}

/// Whether values that are equal to Postgres are always written alike: 1.0 is 1.00, and 0 is -0.
pub(super) fn is_canonical(column: &Column) -> bool {
    match column.kind {
        // All values of such a column have the same number of decimals, or of characters.
        Kind::Numeric => column.sql.starts_with("numeric("),
        Kind::Bpchar => column.sql.starts_with("character("),
        Kind::Float4 | Kind::Float8 => false,
        _ => is_ordered(&column.kind),
    }
}

/// The expression that is in the order of [`Order::write`], of an expression for the column's values.
pub(super) fn sql(kind: &Kind, expression: &str) -> String {
    match kind {
        Kind::Text | Kind::Bpchar => format!("{expression} collate \"C\""),
        _ => expression.to_owned(),
    }
}

impl Order {
    /// As in SQL when nothing else is said: nulls count as larger than everything.
    pub fn ascending() -> Self {
        Self { desc: false, nulls_first: false }
    }

    /// `desc nulls last` and the like.
    pub fn sql(self) -> &'static str {
        match (self.desc, self.nulls_first) {
            (false, false) => "asc nulls last",
            (false, true) => "asc nulls first",
            (true, false) => "desc nulls last",
            (true, true) => "desc nulls first",
        }
    }

    /// Appends the bytes of a value.
    ///
    /// # Errors
    /// The text is not a value of this kind, or the kind is not ordered.
    pub fn write(self, kind: &Kind, json: &str, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let null = json == "null";
        out.push(u8::from(null != self.nulls_first));
        if null {
            return Ok(());
        }
        let start = out.len();
        write(kind, json, out)?;
        self.turn(&mut out[start..]);
        Ok(())
    }

    /// Appends how a value is written, to tell equal ones apart that are written differently.
    pub fn write_text(self, json: &str, out: &mut Vec<u8>) {
        let start = out.len();
        write_bytes(json.as_bytes(), out);
        self.turn(&mut out[start..]);
    }

    fn turn(self, bytes: &mut [u8]) {
        if self.desc {
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
}

fn write(kind: &Kind, json: &str, out: &mut Vec<u8>) -> Result<(), Unreadable> {
    match kind {
        Kind::Bool => out.push(u8::from(json.parse::<bool>().map_err(|_| Unreadable)?)),
        Kind::Int2 | Kind::Int4 | Kind::Int8 => write_integer(json.parse().map_err(|_| Unreadable)?, out),
        // A real's text read as a double keeps its place among those of other reals.
        Kind::Float4 | Kind::Float8 => write_float(string(json)?.parse().map_err(|_| Unreadable)?, out),
        Kind::Numeric => write_numeric(&string(json)?, out)?,
        // Of bytes Postgres writes the hexadecimal digits, which are in their order.
        Kind::Text | Kind::Uuid | Kind::Bytea => write_bytes(quoted(json)?.as_bytes(), out),
        Kind::Bpchar => write_bytes(quoted(json)?.trim_end_matches(' ').as_bytes(), out),
        Kind::Date => write_date(&quoted(json)?, out, |_, _| Some(()))?,
        Kind::Timestamp => write_date(&quoted(json)?, out, |time, out| {
            write_integer(microseconds(time.strip_prefix('T')?)?, out);
            Some(())
        })?,
        Kind::Timestamptz => write_date(&quoted(json)?, out, |time, out| {
            write_integer(microseconds(time.strip_prefix('T')?.strip_suffix("+00:00")?)?, out);
            Some(())
        })?,
        Kind::Time => write_integer(microseconds(&quoted(json)?).ok_or(Unreadable)?, out),
        Kind::Timetz => {
            let (instant, west) = zoned(&quoted(json)?).ok_or(Unreadable)?;
            write_integer(instant, out);
            write_integer(west, out);
        }
        Kind::Enum { labels, .. } => {
            let label = quoted(json)?;
            let place = labels.iter().position(|known| **known == *label).ok_or(Unreadable)?;
            write_integer(i64::try_from(place).map_err(|_| Unreadable)?, out);
        }
        Kind::Interval | Kind::Json | Kind::Jsonb | Kind::Array { .. } | Kind::Other => return Err(Unreadable),
    }
    Ok(())
}

/// What a JSON string says.
fn quoted(json: &str) -> Result<Cow<'_, str>, Unreadable> {
    if !json.starts_with('"') {
        return Err(Unreadable);
    }
    string(json)
}

/// What a JSON string says, or the text of a JSON number: numbers that JSON does not have are strings.
pub(super) fn string(json: &str) -> Result<Cow<'_, str>, Unreadable> {
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(Cow::Borrowed(json));
    };
    if inner.contains('\\') {
        serde_json::from_str(json).map(Cow::Owned).map_err(|_| Unreadable)
    } else {
        Ok(Cow::Borrowed(inner))
    }
}

fn write_integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&(value ^ i64::MIN).to_be_bytes());
}

fn write_float(value: f64, out: &mut Vec<u8>) {
    let value = if value.is_nan() { f64::NAN.abs() } else { value + 0.0 };
    let bits = value.to_bits();
    let turned = if value.is_sign_negative() { !bits } else { bits | 1 << 63 };
    out.extend_from_slice(&turned.to_be_bytes());
}

/// Bytes may hold the one that ends them: it is followed by another that no end is followed by.
fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(*byte);
        if *byte == END {
            out.push(u8::MAX);
        }
    }
    out.extend_from_slice(&[END, END]);
}

/// By sign, then by where the point is, then by digits.
fn write_numeric(text: &str, out: &mut Vec<u8>) -> Result<(), Unreadable> {
    let class = match text {
        "-Infinity" => 0,
        "Infinity" => 4,
        "NaN" => 5,
        _ => 2,
    };
    if class != 2 {
        out.push(class);
        return Ok(());
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable);
    }
    let significant = |byte: &u8| *byte != b'0';
    let Some(first) = whole.bytes().chain(fraction.bytes()).position(|byte| significant(&byte)) else {
        out.push(2);
        return Ok(());
    };
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).skip(first).collect();
    let last = all.iter().rposition(significant).unwrap_or_default();
    let point = i64::try_from(whole.len()).map_err(|_| Unreadable)? - i64::try_from(first).map_err(|_| Unreadable)?;
    out.push(if negative { 1 } else { 3 });
    let start = out.len();
    out.extend_from_slice(&(i32::try_from(point).map_err(|_| Unreadable)? ^ i32::MIN).to_be_bytes());
    out.extend_from_slice(&all[..=last]);
    out.push(END);
    if negative {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    Ok(())
}

/// A date and what follows it.
fn write_date(
    text: &str,
    out: &mut Vec<u8>,
    rest: impl FnOnce(&str, &mut Vec<u8>) -> Option<()>,
) -> Result<(), Unreadable> {
    let class = match text {
        "-infinity" => 0,
        "infinity" => 2,
        _ => 1,
    };
    out.push(class);
    if class != 1 {
        return Ok(());
    }
    let (text, before_christ) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let parse = || -> Option<(i64, &str)> {
        let (year, rest) = text.split_once('-')?;
        let (month, rest) = rest.split_once('-')?;
        let (day, rest) = rest.split_at_checked(2)?;
        let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        // There was no year zero.
        let year = if before_christ { 1 - year } else { year };
        Some(((year * 12 + month) * 31 + day, rest))
    };
    let (days, following) = parse().ok_or(Unreadable)?;
    write_integer(days, out);
    rest(following, out).ok_or(Unreadable)
}

/// `hh:mm:ss` with up to six decimals, in microseconds.
fn microseconds(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let decimals = u32::try_from(fraction.len()).ok().filter(|decimals| *decimals <= 6)?;
    let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? * 10_i64.pow(6 - decimals) };
    parts.next().is_none().then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction)
}

/// A time with its zone: when it is in UTC, in microseconds, and how far west of it the zone is, in seconds.
fn zoned(text: &str) -> Option<(i64, i64)> {
    let sign = text.rfind(['+', '-'])?;
    let (time, zone) = text.split_at(sign);
    let mut parts = zone[1..].split(':').map(|part| part.parse::<i64>().ok());
    let mut next = || parts.next().map_or(Some(0), |part| part);
    let away = next()? * 3600 + next()? * 60 + next()?;
    let west = if zone.starts_with('-') { away } else { -away };
    Some((microseconds(time)? + west * 1_000_000, west))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(order: Order, kind: &Kind, json: &str) -> Vec<u8> {
        let mut out = Vec::new();
        order.write(kind, json, &mut out).unwrap_or_else(|_| panic!("{json} is read as {kind:?}"));
        out
    }

    /// That values given from small to large are ordered so, and the other way round.
    fn assert_rising(kind: &Kind, values: &[&str]) {
        for (index, small) in values.iter().enumerate() {
            for large in &values[index + 1..] {
                let up = Order::ascending();
                assert!(bytes(up, kind, small) < bytes(up, kind, large), "{small} < {large} as {kind:?}");
                let down = Order { desc: true, ..up };
                assert!(bytes(down, kind, small) > bytes(down, kind, large), "{small} > {large} downwards");
            }
        }
    }

    #[test]
    fn numerics_are_ordered_by_all_their_digits() {
        assert_rising(
            &Kind::Numeric,
            &[
                "\"-Infinity\"",
                "-1000000000000000000000000000000.5",
                "-10.01",
                "-10",
                "-9.99",
                "-0.0100001",
                "-0.01",
                "0.000",
                "0.0099999999999999999999",
                "0.01",
                "0.1",
                "1.00",
                "1.000000000000000000001",
                "9.99",
                "10",
                "123456789012345678901234567890.1",
                "123456789012345678901234567890.11",
                "\"Infinity\"",
                "\"NaN\"",
            ],
        );
        let up = Order::ascending();
        assert_eq!(bytes(up, &Kind::Numeric, "1.0"), bytes(up, &Kind::Numeric, "1.000"));
        assert_eq!(bytes(up, &Kind::Numeric, "0"), bytes(up, &Kind::Numeric, "0.0"));
    }

    #[test]
    fn floats_are_ordered_with_nan_above_infinity() {
        assert_rising(
            &Kind::Float8,
            &["\"-Infinity\"", "-1e+300", "-1", "-5e-324", "0", "5e-324", "1.5", "1e+300", "\"Infinity\"", "\"NaN\""],
        );
        let up = Order::ascending();
        assert_eq!(bytes(up, &Kind::Float8, "-0"), bytes(up, &Kind::Float8, "0"));
    }

    #[test]
    fn text_is_ordered_by_its_bytes_and_padding_means_nothing() {
        assert_rising(
            &Kind::Text,
            &[r#""""#, r#""\t""#, r#"" ""#, r#""A""#, r#""AB""#, r#""a""#, r#""a ""#, r#""é""#, r#""🦀""#],
        );
        let up = Order::ascending();
        assert_eq!(bytes(up, &Kind::Bpchar, r#""a  ""#), bytes(up, &Kind::Bpchar, r#""a""#));
    }

    #[test]
    fn times_are_ordered_from_before_christ_to_infinity() {
        assert_rising(
            &Kind::Date,
            &[
                "\"-infinity\"",
                "\"4713-01-01 BC\"",
                "\"0001-12-31 BC\"",
                "\"0001-01-01\"",
                "\"2026-02-28\"",
                "\"12026-01-01\"",
                "\"infinity\"",
            ],
        );
        assert_rising(
            &Kind::Timestamptz,
            &[
                "\"-infinity\"",
                "\"0044-03-15T00:00:00+00:00 BC\"",
                "\"2026-01-02T03:04:05+00:00\"",
                "\"2026-01-02T03:04:05.000001+00:00\"",
                "\"2026-01-02T03:04:05.1+00:00\"",
                "\"2026-01-02T13:04:05+00:00\"",
                "\"294276-12-31T23:59:59.999999+00:00\"",
                "\"infinity\"",
            ],
        );
        assert_rising(&Kind::Time, &["\"00:00:00\"", "\"23:59:59.5\"", "\"23:59:59.51\"", "\"24:00:00\""]);
        assert_rising(
            &Kind::Timetz,
            &["\"12:00:00+05:30\"", "\"12:00:00+01\"", "\"11:00:00+00\"", "\"10:00:00-01\"", "\"12:00:00-03:15:30\""],
        );
    }

    #[test]
    fn labels_integers_booleans_and_bytes_have_their_order() {
        let labels = ["small", "large", "\"huge\""].map(str::to_owned).to_vec();
        assert_rising(&Kind::Enum { labels, base: "size".to_owned() }, &["\"small\"", "\"large\"", r#""\"huge\"""#]);
        assert_rising(&Kind::Int8, &["-9223372036854775808", "-1", "0", "9223372036854775807"]);
        assert_rising(&Kind::Bool, &["false", "true"]);
        assert_rising(&Kind::Bytea, &[r#""\\x""#, r#""\\x00""#, r#""\\x00ff""#, r#""\\x09""#, r#""\\x0a""#]);
    }

    #[test]
    fn nulls_are_where_the_order_says() {
        for desc in [false, true] {
            let place = |nulls_first| {
                let order = Order { desc, nulls_first };
                bytes(order, &Kind::Int4, "null").cmp(&bytes(order, &Kind::Int4, "7"))
            };
            assert_eq!([place(true), place(false)], [std::cmp::Ordering::Less, std::cmp::Ordering::Greater]);
        }
    }

    #[test]
    fn what_is_not_of_the_kind_is_refused() {
        let refused = |kind: &Kind, json: &str| Order::default().write(kind, json, &mut Vec::new()).is_err();
        assert!(refused(&Kind::Numeric, "1e5") && refused(&Kind::Int4, "1.5") && refused(&Kind::Text, "7"));
        assert!(refused(&Kind::Date, "\"03/15/2026\"") && refused(&Kind::Timestamptz, "\"2026-01-02T03:04:05+09:00\""));
        assert!(refused(&Kind::Jsonb, "{}") && !is_ordered(&Kind::Jsonb));
    }
}
