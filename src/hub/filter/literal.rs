//! Constants: reading what a text or a parameter means as a value of a kind.
//!
//! What is plain is read here. Everything else the database reads, once, by its own rules; its answer is what both sides
//! use from then on, so `'tomorrow'` does not move.

use super::{
    FilterError, MAX_VALUE,
    number::Number,
    tree::Literal,
    value::{Reader, Value},
};
use crate::hub::Kind;
use crate::protocol::ErrorCode;
use serde_json::Value as Json;
use std::borrow::Cow;

/// Where a constant was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The byte in the filter's text.
    pub(super) at: Option<usize>,
    /// Whether a parameter is meant.
    pub(super) parameter: bool,
}

impl Origin {
    pub(super) fn refuse(self, message: impl Into<String>) -> FilterError {
        let code = if self.parameter { ErrorCode::InvalidParameter } else { ErrorCode::InvalidFilter };
        FilterError::new(code, self.at, message)
    }
}

/// A type as constants are cast to it: what its values are and what SQL calls it. Without length or precision, by which a
/// constant would be changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Type {
    pub(super) kind: Kind,
    pub(super) sql: String,
}

impl Type {
    /// Of a kind, declared as `declared`, which counts where the kind alone does not name a type.
    pub(super) fn new(kind: &Kind, declared: &str) -> Self {
        let sql = match kind {
            Kind::Enum { base, .. } => base.clone(),
            Kind::Array { .. } | Kind::Other => declared.to_owned(),
            kind => name(kind).to_owned(),
        };
        Self { kind: kind.clone(), sql }
    }

    pub(super) fn plain(kind: Kind) -> Self {
        let sql = name(&kind).to_owned();
        Self { kind, sql }
    }
}

fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Int2 => "int2",
        Kind::Int4 => "int4",
        Kind::Int8 => "int8",
        Kind::Float4 => "float4",
        Kind::Float8 => "float8",
        Kind::Numeric => "numeric",
        Kind::Text | Kind::Enum { .. } | Kind::Array { .. } | Kind::Other => "text",
        Kind::Bpchar => "bpchar",
        Kind::Uuid => "uuid",
        Kind::Date => "date",
        Kind::Time => "time",
        Kind::Timetz => "timetz",
        Kind::Timestamp => "timestamp",
        Kind::Timestamptz => "timestamptz",
        Kind::Interval => "interval",
        Kind::Bytea => "bytea",
        Kind::Json => "json",
        Kind::Jsonb => "jsonb",
    }
}

/// The text that a parameter is for a value of a kind; `None` for null.
pub(super) fn parameter_text(json: &Json, kind: &Kind, origin: Origin) -> Result<Option<String>, FilterError> {
    let text = match json {
        Json::Null => return Ok(None),
        value if *kind == Kind::Jsonb => value.to_string(),
        Json::String(text) => text.clone(),
        Json::Bool(value) if *kind == Kind::Bool => value.to_string(),
        Json::Number(number) if is_number(kind) => number.to_string(),
        other => {
            let what = match other {
                Json::Bool(_) => "true or false",
                Json::Number(_) => "a number",
                Json::Array(_) => "an array",
                _ => "an object",
            };
            return Err(
                origin.refuse(format!("the parameter is {what} where a value of type {} is needed", name(kind)))
            );
        }
    };
    Ok(Some(text))
}

/// Reads a text as a value of a type.
pub(super) fn read(text: String, of: &Type, origin: Origin) -> Result<Literal, FilterError> {
    let Some(reader) = Reader::of(&of.kind) else {
        return Err(FilterError::unsupported(
            origin.at,
            format!("values of type {} are not compared in filters", of.sql),
            "",
        ));
    };
    if text.len() > MAX_VALUE {
        return Err(origin.refuse(format!("a value may have {MAX_VALUE} bytes and this has {}", text.len())));
    }
    if text.contains('\0') {
        return Err(origin.refuse("Postgres knows no character zero"));
    }
    let blank = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}');
    let trimmed = text.trim_matches(blank);
    let (text, value) = match &of.kind {
        Kind::Text => (text.clone(), Some(Value::Text(Cow::Owned(text)))),
        Kind::Bpchar => {
            let trimmed = text.trim_end_matches(' ').to_owned();
            (trimmed.clone(), Some(Value::Text(Cow::Owned(trimmed))))
        }
        Kind::Bool => {
            let value = boolean(trimmed).ok_or_else(|| origin.refuse(format!("{text:?} is neither true nor false")))?;
            (value.to_string(), Some(Value::Bool(value)))
        }
        Kind::Int2 => {
            integer(trimmed, i64::from(i16::MIN), i64::from(i16::MAX)).ok_or_else(|| bad(&text, of, origin))?
        }
        Kind::Int4 => {
            integer(trimmed, i64::from(i32::MIN), i64::from(i32::MAX)).ok_or_else(|| bad(&text, of, origin))?
        }
        Kind::Int8 => integer(trimmed, i64::MIN, i64::MAX).ok_or_else(|| bad(&text, of, origin))?,
        Kind::Numeric => match Number::read(trimmed) {
            Some(number @ (Number::Small { .. } | Number::Big(_))) => (trimmed.to_owned(), Some(Value::Number(number))),
            // Which words are numbers depends on the database's version.
            _ => (text, None),
        },
        Kind::Uuid => {
            let text = uuid(trimmed).ok_or_else(|| bad(&text, of, origin))?;
            (text.clone(), Some(Value::Text(Cow::Owned(text))))
        }
        Kind::Float4 | Kind::Float8 => match Number::read(trimmed) {
            Some(number @ (Number::Small { .. } | Number::Big(_))) => {
                let single = of.kind == Kind::Float4;
                let value = float(trimmed, &number, single)
                    .ok_or_else(|| origin.refuse(format!("{trimmed} is out of range for type {}", of.sql)))?;
                (trimmed.to_owned(), Some(Value::Float(value)))
            }
            _ => (text, None),
        },
        Kind::Enum { labels, .. } if !labels.contains(&text) => {
            let labels = labels.iter().take(20).map(|label| format!("{label:?}")).collect::<Vec<_>>().join(", ");
            return Err(origin.refuse(format!("{text:?} is not one of {labels}")));
        }
        _ => (text, None),
    };
    Ok(Literal { cast: of.sql.clone(), text, reader, value })
}

fn bad(text: &str, of: &Type, origin: Origin) -> FilterError {
    origin.refuse(format!("{text:?} is not a value of type {}", of.sql))
}

/// What the database has made of a constant: JSON text.
pub(super) fn resolve(literal: &mut Literal, json: &str) -> Option<()> {
    if json.len() > MAX_VALUE {
        return None;
    }
    let value = literal.reader.read(json).into_owned();
    if value.is_null() {
        return None;
    }
    literal.text = match super::value::unquoted(json) {
        Some(text) if literal.reader != Reader::Json => text.into_owned(),
        _ => json.to_owned(),
    };
    literal.value = Some(value);
    Some(())
}

pub(super) fn is_number(kind: &Kind) -> bool {
    is_exact(kind) || is_float(kind)
}

pub(super) fn is_exact(kind: &Kind) -> bool {
    matches!(kind, Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric)
}

pub(super) fn is_float(kind: &Kind) -> bool {
    matches!(kind, Kind::Float4 | Kind::Float8)
}

pub(super) fn is_text(kind: &Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Bpchar)
}

/// As Postgres reads booleans: words and their beginnings, as far as they are unique.
fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

fn integer(text: &str, least: i64, most: i64) -> Option<(String, Option<Value<'static>>)> {
    let value: i64 = text.parse().ok()?;
    (least <= value && value <= most)
        .then(|| (value.to_string(), Some(Value::Number(Number::integer(i128::from(value))))))
}

/// `None` where Postgres says that it is out of range.
fn float(text: &str, number: &Number, single: bool) -> Option<f64> {
    let value = if single { f64::from(text.parse::<f32>().ok()?) } else { text.parse::<f64>().ok()? };
    let lost = value == 0.0 && number.compare(&Number::integer(0)).is_ne();
    (value.is_finite() && !lost).then_some(value)
}

/// Sixteen bytes in hexadecimal, perhaps in braces, with a hyphen after any four digits; in the form that Postgres writes.
fn uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'))?;
    let mut digits = String::with_capacity(36);
    let mut count = 0;
    let mut after_hyphen = false;
    for character in inner.chars() {
        if character == '-' {
            if count == 0 || count % 4 != 0 || after_hyphen || count == 32 {
                return None;
            }
            after_hyphen = true;
        } else if character.is_ascii_hexdigit() && count < 32 {
            if matches!(count, 8 | 12 | 16 | 20) {
                digits.push('-');
            }
            digits.push(character.to_ascii_lowercase());
            count += 1;
            after_hyphen = false;
        } else {
            return None;
        }
    }
    (count == 32).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin = Origin { at: None, parameter: false };

    #[test]
    fn uuids_are_read_in_every_form_that_postgres_reads() {
        let expected = Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11".to_owned());
        for text in [
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        ] {
            assert_eq!(uuid(text), expected, "{text}");
        }
        for text in ["", "a0eebc99", "a0eebc999c0b4ef8bb6d6bb9bd380a11-", "{a0eebc999c0b4ef8bb6d6bb9bd380a11"] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for (text, kind) in [
            ("32768", Kind::Int2),
            ("-2147483649", Kind::Int4),
            ("9223372036854775808", Kind::Int8),
            ("1e39", Kind::Float4),
            ("1e-400", Kind::Float8),
            ("2.5", Kind::Int4),
        ] {
            assert!(read(text.to_owned(), &Type::plain(kind), ORIGIN).is_err(), "{text}");
        }
        assert!(read(" 32767 ".to_owned(), &Type::plain(Kind::Int2), ORIGIN).is_ok());
    }

    #[test]
    fn booleans_are_words_or_their_beginnings() {
        for (text, expected) in [("t", Some(true)), ("YE", Some(true)), ("of", Some(false)), ("o", None), ("", None)] {
            assert_eq!(boolean(text), expected, "{text}");
        }
    }
}
