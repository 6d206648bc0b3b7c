//! How a value is shown. Pure.

use super::model::Shape;

/// Most characters of a value in a grid. All of it is told when a row is looked at.
const MAX_SHOWN: usize = 120;

/// Decimals of an average that are shown.
const MAX_DECIMALS: usize = 4;
/// From here on a number with decimals is not known so exactly that it could be rounded.
const LARGE: f64 = 1e11;

/// A value for people: its words, and whether it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Null, which is no text.
    pub(super) is_null: bool,
    /// Whether there is more of it.
    pub(super) is_cut: bool,
}

/// Reads a value's JSON text. Numbers keep the digits that the database wrote.
pub(super) fn cell(json: &str, shape: Shape) -> Cell {
    let text = whole(json, shape);
    let is_null = text.is_none();
    let text = text.unwrap_or_else(|| "null".to_owned());
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => Cell { text: format!("{}…", &text[..end]), is_null, is_cut: true },
        None => Cell { text, is_null, is_cut: false },
    }
}

/// A number with four decimals at most.
pub(super) fn rounded(json: &str) -> Cell {
    let known = cell(json, Shape::Number);
    match (json.split_once('.'), json.parse::<f64>()) {
        (Some((_, decimals)), Ok(number)) if decimals.len() > MAX_DECIMALS && number.abs() < LARGE => {
            let text = format!("{number:.MAX_DECIMALS$}");
            Cell { text: text.trim_end_matches('0').trim_end_matches('.').to_owned(), is_cut: true, ..known }
        }
        _ => known,
    }
}

/// All of a value, if it is not null.
pub(super) fn whole(json: &str, shape: Shape) -> Option<String> {
    match json.as_bytes().first() {
        None | Some(b'n') => None,
        Some(b'"') => {
            let text: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
            Some(if shape == Shape::Time { time(&text) } else { text })
        }
        _ => Some(json.to_owned()),
    }
}

/// The same over several lines, if it has parts.
pub(super) fn laid_out(json: &str, shape: Shape) -> Option<String> {
    if matches!(json.as_bytes().first(), Some(b'{' | b'[')) { Some(indented(json)) } else { whole(json, shape) }
}

/// JSON with a line for each value. Values stay as they are written.
pub(super) fn indented(json: &str) -> String {
    let (mut text, mut depth, mut within, mut escaped) = (String::with_capacity(json.len() * 2), 0_usize, false, false);
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        (0..depth).for_each(|_| text.push_str("  "));
    };
    let mut rest = json.chars().peekable();
    while let Some(next) = rest.next() {
        if within {
            text.push(next);
            within = escaped || next != '"';
            escaped = !escaped && next == '\\';
            continue;
        }
        match next {
            '{' | '[' => {
                text.push(next);
                while rest.next_if(|next| next.is_whitespace()).is_some() {}
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(next);
            }
            ',' => {
                text.push(next);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            next if next.is_whitespace() => {}
            next => {
                within = next == '"';
                text.push(next);
            }
        }
    }
    text
}

/// A day and a time with a blank between them, without fractions of a second that are nothing.
fn time(text: &str) -> String {
    let spaced = match text.as_bytes().get(10) {
        Some(b'T') => text.replacen('T', " ", 1),
        _ => text.to_owned(),
    };
    spaced.strip_suffix("+00:00").map_or(spaced.clone(), |utc| format!("{utc}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_they_are() {
        let text = |json: &str, shape| cell(json, shape).text;
        assert_eq!(text("12345678901234567890.10", Shape::Number), "12345678901234567890.10");
        assert_eq!(text(r#""a\nb""#, Shape::Text), "a\nb");
        assert_eq!(text(r#""2026-11-27T06:05:30.5+00:00""#, Shape::Time), "2026-11-27 06:05:30.5Z");
        assert_eq!(text(r#""2026-11-27""#, Shape::Time), "2026-11-27");
        assert_eq!(text(r#"{"a": 1}"#, Shape::Json), r#"{"a": 1}"#);
        assert_eq!((cell("null", Shape::Text).is_null, cell(r#""null""#, Shape::Text).is_null), (true, false));
        let long = cell(&format!(r#""{}""#, "ü".repeat(121)), Shape::Text);
        assert_eq!((long.text.chars().count(), long.is_cut), (121, true));
        assert_eq!(laid_out(r#"{"a":[1]}"#, Shape::Json).as_deref(), Some("{\n  \"a\": [\n    1\n  ]\n}"));
        assert_eq!(
            indented(r#"{"a" : {}, "b{\"[": 1.00000000000000000000001, "c": [ ]}"#),
            "{\n  \"a\": {},\n  \"b{\\\"[\": 1.00000000000000000000001,\n  \"c\": []\n}"
        );
        assert_eq!(laid_out("null", Shape::Json), None);
        let averages = ["190.4695192307692308", "20.7530000000000000", "7", "1.5", "null", "0.00001234"];
        assert_eq!(averages.map(|json| rounded(json).text), ["190.4695", "20.753", "7", "1.5", "null", "0"]);
    }
}
