//! Values as comparisons need them, and how they are read from a row's text.

use super::{json, moment, number::Number};
use crate::hub::Kind;
use std::{borrow::Cow, cmp::Ordering, sync::Arc};

/// A value of a row or of a constant.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Float(f64),
    /// Text, in the order of its bytes; also uuids and, in hexadecimal, bytes.
    Text(Cow<'a, str>),
    /// The place of an enumeration's label.
    Rank(usize),
    /// Microseconds: dates, timestamps, times, intervals.
    Moment(i128),
    /// A time with its zone, see [`moment::timetz`].
    Zoned(i128, i32),
    /// What a `jsonb` is, as text.
    Json(Cow<'a, str>),
}

impl Value<'_> {
    /// The order that Postgres has; `None` if one of them is null or they cannot be compared.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.compare(b),
            (Self::Float(a), Self::Float(b)) => compare_floats(*a, *b),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Rank(a), Self::Rank(b)) => a.cmp(b),
            (Self::Moment(a), Self::Moment(b)) => a.cmp(b),
            (Self::Zoned(a, zone_a), Self::Zoned(b, zone_b)) => (a, zone_a).cmp(&(b, zone_b)),
            _ => return None,
        })
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Without what it borrows.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(value) => Value::Number(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(value) => Value::Text(Cow::Owned(value.into_owned())),
            Self::Rank(value) => Value::Rank(value),
            Self::Moment(value) => Value::Moment(value),
            Self::Zoned(value, zone) => Value::Zoned(value, zone),
            Self::Json(value) => Value::Json(Cow::Owned(value.into_owned())),
        }
    }
}

/// NaN is equal to itself and larger than everything; zeros of both signs are equal.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// How values of a column are read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reader {
    Bool,
    Number,
    Float4,
    Float8,
    Text,
    /// Without the blanks at the end.
    Trimmed,
    /// The place among these labels.
    Rank(Arc<[String]>),
    Moment,
    Time,
    Timetz,
    Interval,
    Hex,
    Json,
}

impl Reader {
    /// For values of a kind; `None` if nothing is known of them.
    pub(super) fn of(kind: &Kind) -> Option<Self> {
        Some(match kind {
            Kind::Bool => Self::Bool,
            Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric => Self::Number,
            Kind::Float4 => Self::Float4,
            Kind::Float8 => Self::Float8,
            Kind::Text | Kind::Uuid => Self::Text,
            Kind::Bpchar => Self::Trimmed,
            Kind::Enum { labels, .. } => Self::Rank(labels.as_slice().into()),
            Kind::Date | Kind::Timestamp | Kind::Timestamptz => Self::Moment,
            Kind::Time => Self::Time,
            Kind::Timetz => Self::Timetz,
            Kind::Interval => Self::Interval,
            Kind::Bytea => Self::Hex,
            Kind::Jsonb => Self::Json,
            Kind::Json | Kind::Array { .. } | Kind::Other => return None,
        })
    }

    /// Reads the JSON text of a value. What cannot be read is null: it is not of the kind that the filter was made for, and
    /// then the table has changed and the filter is about to be replaced.
    pub(super) fn read<'a>(&self, raw: &'a str) -> Value<'a> {
        if raw == "null" && *self != Self::Json {
            return Value::Null;
        }
        self.value(raw).unwrap_or(Value::Null)
    }

    fn value<'a>(&self, raw: &'a str) -> Option<Value<'a>> {
        Some(match self {
            Self::Bool => Value::Bool(raw == "true"),
            Self::Number => Value::Number(Number::read(bare(raw))?),
            Self::Float8 => Value::Float(bare(raw).parse().ok()?),
            Self::Float4 => Value::Float(f64::from(bare(raw).parse::<f32>().ok()?)),
            Self::Text => Value::Text(unquoted(raw)?),
            Self::Trimmed => Value::Text(match unquoted(raw)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(' ')),
                Cow::Owned(text) => Cow::Owned(text.trim_end_matches(' ').to_owned()),
            }),
            Self::Rank(labels) => {
                let label = unquoted(raw)?;
                Value::Rank(labels.iter().position(|own| *own == label)?)
            }
            Self::Moment => Value::Moment(moment::moment(bare(raw))?),
            Self::Time => Value::Moment(moment::time(bare(raw))?),
            Self::Timetz => moment::timetz(bare(raw)).map(|(time, zone)| Value::Zoned(time, zone))?,
            Self::Interval => Value::Moment(moment::interval(bare(raw))?),
            Self::Hex => Value::Text(Cow::Borrowed(raw.strip_prefix(r#""\\x"#)?.strip_suffix('"')?)),
            Self::Json => Value::Json(Cow::Borrowed(raw)),
        })
    }
}

/// Without its quotes, if it has any. For what needs no escapes.
fn bare(raw: &str) -> &str {
    raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw)
}

/// The text that a JSON string stands for.
pub(super) fn unquoted(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.as_bytes().contains(&b'\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// What `->>` makes of a `jsonb`.
pub(super) fn json_text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => unquoted(raw),
        b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// A step into a `jsonb`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Key(String),
    Place(i64),
}

impl Step {
    pub(super) fn take<'a>(&self, raw: &'a str) -> Option<&'a str> {
        match self {
            Self::Key(key) => json::member(raw, key),
            Self::Place(place) => json::element(raw, *place),
        }
    }
}
