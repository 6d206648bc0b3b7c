//! Patterns of `like` and `ilike`.
//!
//! They are constants, read once, with any escape character, and written for the database with a backslash. Under the
//! collation "C", `ilike` folds ASCII letters only.

use std::fmt::Write;

/// A pattern, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    fold: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// These characters.
    Text(String),
    /// `_`
    One,
    /// `%`
    Any,
}

/// A pattern ends with its escape character, at which Postgres raises when it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EndsWithEscape;

impl Pattern {
    /// Reads a pattern; `fold` for `ilike`.
    pub(super) fn read(text: &str, escape: Option<char>, fold: bool) -> Result<Self, EndsWithEscape> {
        let mut parts = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let literal = if Some(character) == escape {
                characters.next().ok_or(EndsWithEscape)?
            } else {
                match character {
                    '_' => {
                        parts.push(Part::One);
                        continue;
                    }
                    '%' => {
                        if parts.last() != Some(&Part::Any) {
                            parts.push(Part::Any);
                        }
                        continue;
                    }
                    literal => literal,
                }
            };
            let literal = if fold { literal.to_ascii_lowercase() } else { literal };
            if let Some(Part::Text(text)) = parts.last_mut() {
                text.push(literal);
            } else {
                parts.push(Part::Text(literal.to_string()));
            }
        }
        Ok(Self { parts, fold })
    }

    /// Whether letters of either case are the same.
    pub(super) fn folds(&self) -> bool {
        self.fold
    }

    /// The pattern with a backslash as its escape character.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::One => text.push('_'),
                Part::Any => text.push('%'),
                Part::Text(literal) => {
                    for character in literal.chars() {
                        if matches!(character, '_' | '%' | '\\') {
                            text.push('\\');
                        }
                        let _ = text.write_char(character);
                    }
                }
            }
        }
        text
    }

    /// Whether all of a text is as the pattern says.
    pub(super) fn matches(&self, text: &str) -> bool {
        // A `%` takes as little as it can; where the rest does not fit, the last one takes one character more. Only the
        // last need be reconsidered, so the cost is at most length times length.
        let (mut part, mut rest) = (0, text);
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let step = match self.parts.get(part) {
                Some(Part::Any) => {
                    part += 1;
                    if part == self.parts.len() {
                        return true;
                    }
                    retry = Some((part, rest));
                    continue;
                }
                Some(Part::One) => tail(rest),
                Some(Part::Text(literal)) => self.literal(literal, rest),
                None if rest.is_empty() => return true,
                None => None,
            };
            if let Some(after) = step {
                (part, rest) = (part + 1, after);
                continue;
            }
            let Some((again, from)) = retry else { return false };
            let Some(from) = tail(from) else { return false };
            retry = Some((again, from));
            (part, rest) = (again, from);
        }
    }

    fn literal<'a>(&self, literal: &str, text: &'a str) -> Option<&'a str> {
        if !self.fold {
            return text.strip_prefix(literal);
        }
        let head = text.as_bytes().get(..literal.len())?;
        head.eq_ignore_ascii_case(literal.as_bytes()).then(|| &text[literal.len()..])
    }
}

/// The text after its first character.
fn tail(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().map(|_| characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str) -> bool {
        Pattern::read(pattern, Some('\\'), false).expect("a pattern").matches(text)
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("abc", "a%", true),
            ("abc", "%b", false),
            ("abc", "_b_", true),
            ("ähm", "_hm", true),
            ("aXbXc", "a%X_", true),
            ("aaab", "%aab", true),
            ("mississippi", "m%iss%ip_i", true),
            ("100%", r"100\%", true),
            ("100x", r"100\%", false),
            (r"a\b", r"a\\b", true),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn ilike_folds_ascii_only() {
        let pattern = Pattern::read("ÄB%", Some('\\'), true).expect("a pattern");
        assert!(pattern.matches("Äbc") && pattern.matches("ÄB"));
        assert!(!pattern.matches("äbc"));
    }

    #[test]
    fn any_escape_becomes_a_backslash() {
        let pattern = Pattern::read(r"a!_b\%", Some('!'), false).expect("a pattern");
        assert_eq!(pattern.text(), r"a\_b\\%");
        assert_eq!(Pattern::read("a!", Some('!'), false), Err(EndsWithEscape));
        assert!(Pattern::read(r"a\", None, false).expect("a pattern").matches(r"a\"));
    }

    #[test]
    fn hostile_patterns_end() {
        let text = "a".repeat(2000);
        assert!(!like(&text, &format!("{}b", "%a".repeat(500))));
    }
}
