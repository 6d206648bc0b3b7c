//! What a message is made of: words, links, code, names. Pure.
//!
//! There is no HTML anywhere: a text becomes parts, and whoever shows them makes elements of them. Nothing that somebody writes can
//! become an address but what begins with `http://` or `https://` and names a host. Takes time in proportion to the text.

use super::{mention, validate::is_steering};

/// Longest address that becomes a link, in bytes.
const MAX_LINK: usize = 2_000;
/// What opens and closes a block of code, at the beginning of a line.
const FENCE: &str = "```";
/// Longest run of backticks that opens code within a line.
const MAX_TICKS: usize = 2;

/// A part of a message that stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines of text.
    Text(Vec<Inline>),
    /// Lines of code.
    Code(String),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Words.
    Text(String),
    /// An address, shown as it is written.
    Link(String),
    /// Code.
    Code(String),
    /// Somebody is named: `@` and the name.
    Name(String),
}

/// The parts of a message that names these people.
pub fn blocks(text: &str, names: &[String]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (is_code, part) in fenced(text) {
        if is_code {
            blocks.push(Block::Code(part.to_owned()));
        } else {
            let part = part.trim_matches('\n');
            if !part.is_empty() {
                blocks.push(Block::Text(inline(part, names)));
            }
        }
    }
    blocks
}

/// Parts of a text, and whether each is between fences. A fence that is never closed is none.
fn fenced(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (0, 0);
    let fence_at = |from: usize| {
        let mut at = from;
        text[from..].split_inclusive('\n').find_map(|line| {
            let here = at;
            at += line.len();
            line.starts_with(FENCE).then_some((here, here + line.len(), line))
        })
    };
    while let Some((open, after, line)) = fence_at(from) {
        // Code that stands in one line with its fences is code within a line.
        if line.trim_end()[FENCE.len()..].contains('`') {
            from = after;
            continue;
        }
        let Some((close, end, closing)) = fence_at(after) else { break };
        if !closing[FENCE.len()..].trim().is_empty() {
            from = after;
            continue;
        }
        parts.push((false, &text[rest..open]));
        let code = &text[after..close];
        parts.push((true, code.strip_suffix('\n').unwrap_or(code)));
        (rest, from) = (end, end);
    }
    parts.push((false, &text[rest..]));
    parts
}

/// The parts of lines without fences.
fn inline(text: &str, names: &[String]) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut words = 0;
    let mut at = 0;
    // For each length of a run of backticks: from here on there is no other.
    let mut unclosed = [usize::MAX; MAX_TICKS + 1];
    let mut before = ' ';
    while let Some(sign) = text[at..].chars().next() {
        let found = match sign {
            '`' => code(text, at, &mut unclosed),
            'h' | 'H' if !before.is_alphanumeric() => {
                link(&text[at..]).map(|link| (Inline::Link(link.to_owned()), link.len()))
            }
            '@' => mention::at(text, at, names).map(|name| (Inline::Name(name.to_owned()), 1 + name.len())),
            _ => None,
        };
        match found {
            Some((part, length)) => {
                push_words(&mut parts, &text[words..at]);
                parts.push(part);
                at += length;
                words = at;
                before = text[..at].chars().next_back().unwrap_or(' ');
            }
            None => {
                // Of a run of backticks that opens nothing, no part does.
                let run = if sign == '`' { ticks(&text[at..]) } else { sign.len_utf8() };
                at += run;
                before = sign;
            }
        }
    }
    push_words(&mut parts, &text[words..]);
    parts
}

fn push_words(parts: &mut Vec<Inline>, words: &str) {
    if !words.is_empty() {
        parts.push(Inline::Text(words.to_owned()));
    }
}

fn ticks(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// Code between two runs of as many backticks, within a line.
fn code(text: &str, at: usize, unclosed: &mut [usize; MAX_TICKS + 1]) -> Option<(Inline, usize)> {
    let run = ticks(&text[at..]);
    if run > MAX_TICKS || at >= unclosed[run] {
        return None;
    }
    let from = at + run;
    let mut look = from;
    while let Some(next) = text[look..].find(['`', '\n']) {
        look += next;
        if text[look..].starts_with('\n') {
            break;
        }
        let length = ticks(&text[look..]);
        if length == run {
            let within = &text[from..look];
            let shown = if run > 1 {
                within.strip_prefix(' ').and_then(|within| within.strip_suffix(' ')).unwrap_or(within)
            } else {
                within
            };
            if shown.trim().is_empty() {
                return None;
            }
            return Some((Inline::Code(shown.to_owned()), look + run - at));
        }
        look += length;
    }
    // A line further down may have some.
    if !text[look..].contains('\n') {
        unclosed[run] = at;
    }
    None
}

/// The address that a text begins with.
fn link(text: &str) -> Option<&str> {
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))?;
    let ends = |sign: char| {
        sign.is_whitespace()
            || sign.is_control()
            || is_steering(sign)
            || matches!(
                sign,
                '<' | '>' | '"' | '`' | '\\' | '^' | '{' | '|' | '}' | '\u{200b}'
                    ..='\u{200d}' | '\u{2060}' | '\u{feff}'
            )
    };
    let whole = &text[..text.find(ends).unwrap_or(text.len())];
    let link = without_end(whole);
    let authority = link[scheme.len()..].split(['/', '?', '#']).next().unwrap_or_default();
    // What stands before an @ looks like the host, and is not.
    let is_host =
        authority.starts_with(|first: char| first.is_alphanumeric() || first == '[') && !authority.contains('@');
    (is_host && link.len() <= MAX_LINK).then_some(link)
}

/// Without what ends a sentence, and without a bracket that was opened before the address.
fn without_end(link: &str) -> &str {
    let mut rest = link;
    let count = |text: &str, sign: char| text.chars().filter(|other| *other == sign).count();
    let (opened, mut closed) = ([count(rest, '('), count(rest, '[')], [count(rest, ')'), count(rest, ']')]);
    while let Some(last) = rest.chars().next_back() {
        let cut = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => true,
            ')' => closed[0] > opened[0],
            ']' => closed[1] > opened[1],
            _ => false,
        };
        if !cut {
            break;
        }
        match last {
            ')' => closed[0] -= 1,
            ']' => closed[1] -= 1,
            _ => {}
        }
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    rest
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
