//! `jsonb` values, read from the text in which a row holds them.
//!
//! The text is what Postgres wrote of a `jsonb`: well-formed, no key twice in an object. It is never read as a whole: each
//! question walks over it, and recursion is as deep as the *constant* that it is compared with, which is bounded, and not as
//! deep as the row.

use super::{number::Number, value::unquoted};
use std::{cmp::Ordering, ops::Range};

/// Containers within containers in a constant.
const MAX_DEPTH: usize = 32;

/// A constant, read.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads what Postgres wrote of a `jsonb`; `None` if it nests too deep.
    pub(super) fn read(raw: &str) -> Option<Self> {
        Self::read_below(raw, MAX_DEPTH)
    }

    fn read_below(raw: &str, depth: usize) -> Option<Self> {
        Some(match raw.as_bytes().first()? {
            b'[' => {
                let depth = depth.checked_sub(1)?;
                Self::Array(elements(raw).map(|raw| Self::read_below(raw, depth)).collect::<Option<_>>()?)
            }
            b'{' => {
                let depth = depth.checked_sub(1)?;
                let member = |(key, raw)| Some((unquoted(key)?.into_owned(), Self::read_below(raw, depth)?));
                Self::Object(members(raw).map(member).collect::<Option<_>>()?)
            }
            b'"' => Self::Text(unquoted(raw)?.into_owned()),
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            _ => Self::Number(Number::read(raw)?),
        })
    }

    fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// `raw = self`
    pub(super) fn equals(&self, raw: &str) -> bool {
        let first = raw.as_bytes().first();
        match self {
            Self::Null => raw == "null",
            Self::Bool(value) => raw == if *value { "true" } else { "false" },
            Self::Text(text) => first == Some(&b'"') && unquoted(raw).is_some_and(|raw| raw == *text),
            Self::Number(number) => {
                first.is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-'))
                    && Number::read(raw).is_some_and(|raw| raw.compare(number) == Ordering::Equal)
            }
            Self::Array(items) => {
                first == Some(&b'[')
                    && elements(raw).count() == items.len()
                    && elements(raw).zip(items).all(|(raw, item)| item.equals(raw))
            }
            Self::Object(pairs) => {
                first == Some(&b'{')
                    && members(raw).count() == pairs.len()
                    && pairs.iter().all(|(key, item)| member(raw, key).is_some_and(|raw| item.equals(raw)))
            }
        }
    }

    /// `raw @> self`, where a scalar counts as an element of an array that is not within another.
    pub(super) fn is_in(&self, raw: &str) -> bool {
        if self.is_scalar() && raw.starts_with('[') {
            return elements(raw).any(|raw| self.equals(raw));
        }
        self.is_within(raw)
    }

    fn is_within(&self, raw: &str) -> bool {
        match self {
            Self::Object(pairs) => {
                raw.starts_with('{')
                    && pairs.iter().all(|(key, item)| member(raw, key).is_some_and(|raw| item.is_within(raw)))
            }
            Self::Array(items) => {
                raw.starts_with('[') && items.iter().all(|item| elements(raw).any(|raw| item.is_within(raw)))
            }
            scalar => scalar.equals(raw),
        }
    }
}

/// The value of a key, if `raw` is an object that has it.
pub(super) fn member<'a>(raw: &'a str, key: &str) -> Option<&'a str> {
    let mut found = members(raw).filter(|(quoted, _)| unquoted(quoted).is_some_and(|name| name == key));
    found.next().map(|(_, value)| value)
}

/// The element at a place, from the end if negative. A scalar is an array of one to Postgres here.
pub(super) fn element(raw: &str, place: i64) -> Option<&str> {
    match raw.as_bytes().first()? {
        b'[' => {
            let place = if place < 0 {
                usize::try_from(place.checked_add(i64::try_from(elements(raw).count()).ok()?)?).ok()?
            } else {
                usize::try_from(place).ok()?
            };
            elements(raw).nth(place)
        }
        b'{' => None,
        _ => matches!(place, 0 | -1).then_some(raw),
    }
}

/// The elements of an array; none if it is not one.
pub(super) fn elements(raw: &str) -> impl Iterator<Item = &str> {
    let mut walk = Walk::into_container(raw, b'[');
    std::iter::from_fn(move || walk.value().map(|range| &raw[range]))
}

/// The quoted keys and the values of an object; none if it is not one.
fn members(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut walk = Walk::into_container(raw, b'{');
    std::iter::from_fn(move || {
        let key = walk.value()?;
        let value = walk.value()?;
        Some((&raw[key], &raw[value]))
    })
}

/// The elements of an array within arrays of it, as SQL sees arrays of several dimensions: one after the other.
pub(super) fn leaves(raw: &str) -> impl Iterator<Item = &str> {
    let bytes = raw.as_bytes();
    let mut walk = Walk { bytes, at: 0 };
    std::iter::from_fn(move || {
        loop {
            match bytes.get(walk.at)? {
                b'[' | b']' | b',' | b' ' => walk.at += 1,
                _ => return walk.value().map(|range| &raw[range]),
            }
        }
    })
}

/// Walks over values that are separated by something, until the container ends.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn into_container(raw: &'a str, open: u8) -> Self {
        let bytes = raw.as_bytes();
        let at = if bytes.first() == Some(&open) { 1 } else { bytes.len() };
        Self { bytes, at }
    }

    /// The next value, if the container has one more.
    fn value(&mut self) -> Option<Range<usize>> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')) {
            self.at += 1;
        }
        let start = self.at;
        match self.bytes.get(self.at)? {
            b']' | b'}' => return None,
            b'"' => self.string(),
            b'[' | b'{' => self.container(),
            _ => {
                while !matches!(
                    self.bytes.get(self.at),
                    None | Some(b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')
                ) {
                    self.at += 1;
                }
            }
        }
        Some(start..self.at.min(self.bytes.len()))
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    fn container(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"a": 1.0, "b\n": [1, [2, 3], {"c": null}], "": "ü\"", "d": {}}"#;

    #[test]
    fn members_and_elements_are_found() {
        assert_eq!(member(ROW, "a"), Some("1.0"));
        assert_eq!(member(ROW, ""), Some(r#""ü\"""#));
        let array = member(ROW, "b\n").expect("there");
        assert_eq!((element(array, 1), element(array, -1)), (Some("[2, 3]"), Some(r#"{"c": null}"#)));
        assert_eq!((element(array, 3), element(array, -4), element(ROW, 0)), (None, None, None));
        assert_eq!(leaves("[[1,2],[null,\"],\"]]").collect::<Vec<_>>(), ["1", "2", "null", "\"],\""]);
        assert_eq!(leaves("[]").count(), 0);
    }

    #[test]
    fn containment_is_that_of_postgres() {
        for (raw, constant, expected) in [
            (ROW, r#"{"a": 1}"#, true),
            (ROW, r#"{"b\n": [[3], 1]}"#, true),
            (ROW, r#"{"b\n": 1}"#, false),
            (ROW, r#"{"b\n": [3]}"#, false),
            ("[1, 2]", "1.0", true),
            ("1", "[1]", false),
            ("[[1]]", "[1]", false),
            ("[1]", "[]", true),
            ("{}", "[]", false),
        ] {
            assert_eq!(Tree::read(constant).expect("reads").is_in(raw), expected, "{raw} {constant}");
        }
    }

    #[test]
    fn depth_is_bounded_in_constants_and_free_in_rows() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Tree::read(&deep).is_none());
        assert!(Tree::read("[[]]").expect("reads").is_in(&deep));
        assert!(!Tree::read("[[1]]").expect("reads").equals(&deep));
    }
}
