//! What may be sent, checked by the same code in the browser, which says so at once, and on the server, which decides. Pure.

use super::{
    limits::{MAX_EXCERPT, MAX_KEY, MAX_LINES, MAX_NAME, MAX_TEXT, MAX_TOPIC},
    wire::Refusal,
};

/// A message as it is stored: line ends are one sign, no other signs that steer something, nothing empty around it.
///
/// # Errors
/// It is empty or too long.
pub fn text(typed: &str) -> Result<String, Refusal> {
    let lines = typed.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = lines.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect();
    let kept = kept.trim_end().trim_start_matches(['\n', '\t', ' ']);
    if !kept.chars().any(is_seen) {
        return Err(Refusal::Empty);
    }
    if kept.chars().count() > MAX_TEXT || kept.lines().count() > MAX_LINES {
        return Err(Refusal::TooLong);
    }
    Ok(kept.to_owned())
}

/// The name of a room, in one line.
///
/// # Errors
/// It is empty or too long.
pub fn name(typed: &str) -> Result<String, Refusal> {
    let name = one_line(typed);
    if !name.chars().any(is_seen) {
        return Err(Refusal::Empty);
    }
    if name.chars().count() > MAX_NAME { Err(Refusal::TooLong) } else { Ok(name) }
}

/// What a room is about, in one line, perhaps nothing.
///
/// # Errors
/// It is too long.
pub fn topic(typed: &str) -> Result<String, Refusal> {
    let topic = one_line(typed);
    if topic.chars().count() > MAX_TOPIC { Err(Refusal::TooLong) } else { Ok(topic) }
}

/// A key: letters, digits and a few signs.
///
/// # Errors
/// It is none.
pub fn key(given: &str) -> Result<&str, Refusal> {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_key = (1..=MAX_KEY).contains(&given.len()) && given.bytes().all(is_sign);
    if is_key { Ok(given) } else { Err(Refusal::Key) }
}

/// The beginning of a text, in one line.
pub fn excerpt(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= MAX_EXCERPT {
        return line;
    }
    line.chars().take(MAX_EXCERPT - 1).chain(['…']).collect()
}

/// Blanks of all kinds become one, and what steers the direction of writing goes.
pub fn one_line(text: &str) -> String {
    let plain: String = text.chars().filter(|sign| !is_steering(*sign)).collect();
    plain
        .split(|sign: char| sign.is_whitespace() || sign.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Signs that change the direction in which others are written.
pub fn is_steering(sign: char) -> bool {
    matches!(sign, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether there is anything to be seen of it.
fn is_seen(sign: char) -> bool {
    let is_nothing = matches!(
        sign,
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{3164}' | '\u{115f}' | '\u{1160}'
    );
    !(sign.is_whitespace() || sign.is_control() || is_nothing || is_steering(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_as_it_was_meant() {
        assert_eq!(text("  a\r\nb\r\rc\u{7}\u{0}  \n\n").as_deref(), Ok("a\nb\n\nc"));
        assert_eq!(text("\n\tx\ty").as_deref(), Ok("x\ty"));
        for nothing in ["", " \n\t ", "\u{200b}\u{feff}", "\u{202e}\u{2066}", "\u{0}"] {
            assert_eq!(text(nothing), Err(Refusal::Empty), "{nothing:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(text(&"é".repeat(MAX_TEXT)).is_ok());
        assert_eq!(text(&"é".repeat(MAX_TEXT + 1)), Err(Refusal::TooLong));
        assert_eq!(text(&"a\n".repeat(MAX_LINES + 1)), Err(Refusal::TooLong));
        assert!(name(&"é".repeat(MAX_NAME)).is_ok() && topic("").is_ok());
        assert_eq!(name(&"é".repeat(MAX_NAME + 1)), Err(Refusal::TooLong));
        assert_eq!(topic(&"x".repeat(MAX_TOPIC + 1)), Err(Refusal::TooLong));
        assert_eq!(name(" \u{202e} "), Err(Refusal::Empty));
    }

    #[test]
    fn names_and_excerpts_are_one_line_that_nobody_steers() {
        assert_eq!(name(" A \n\u{202e} B\u{2069} ").as_deref(), Ok("A B"));
        assert_eq!(excerpt("a\n\n b"), "a b");
        let long = excerpt(&"x".repeat(1_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (MAX_EXCERPT, true));
    }

    #[test]
    fn keys_are_short_words() {
        assert_eq!(key("a-1_b.2"), Ok("a-1_b.2"));
        for none in ["", "a b", "é", &"x".repeat(MAX_KEY + 1)] {
            assert_eq!(key(none), Err(Refusal::Key));
        }
    }
}
