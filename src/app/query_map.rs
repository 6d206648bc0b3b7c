//! The parameters of the page's address.
//!
//! Not the router's own hook, which decodes every value twice: with it, `?q=%2541` would mean `A`, and what holds an address or a `%`
//! would arrive as something else.

use crate::identity::paths::encode;
use leptos::prelude::*;
use leptos_router::{hooks::use_location, params::ParamsMap};

/// The parameters as they were written, decoded once. Follows the address.
pub(super) fn use_query_map() -> Memo<ParamsMap> {
    let search = use_location().search;
    Memo::new(move |_| search.with(|search| parse(search)))
}

/// The same of a query that stands somewhere else.
pub(super) fn parse(search: &str) -> ParamsMap {
    let mut map = ParamsMap::new();
    for pair in search.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // What is inserted is decoded on the way.
        map.insert(decode(name), encode(&decode(value)));
    }
    map
}

/// By one rule on servers and in browsers, whose own differ about what is encoded wrong: that stays as it is, and bytes that are no text are
/// replaced.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let encoded =
            tail.get(..2).filter(|_| *first == b'%').and_then(|hex| Some(digit(hex[0])? * 16 + digit(hex[1])?));
        rest = if encoded.is_some() { &tail[2..] } else { tail };
        bytes.push(encoded.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_once() {
        let map =
            parse("?q=a+b%2Bc&where=name+like+%27%2520%25%27&next=%2Fx%3Fq%3D%2520&empty=&bare&%C3%BC=%C3%BC&q=second");
        let value = |name: &str| map.get_all(name).unwrap_or_default().join("|");
        assert_eq!(value("q"), "a b+c|second");
        assert_eq!(value("where"), "name like '%20%'");
        assert_eq!(value("next"), "/x?q=%20");
        assert_eq!((map.get_str("empty"), map.get_str("bare"), map.get_str("none")), (Some(""), Some(""), None));
        assert_eq!(value("ü"), "ü");
    }

    #[test]
    fn what_is_not_encoded_right_is_left_as_it_is() {
        assert_eq!(parse("q=100%&r=%zz").get_str("q"), Some("100%"));
        assert_eq!(parse("q=100%&r=%zz").get_str("r"), Some("%zz"));
        assert_eq!(parse("q=x%20y' or b='5%'").get_str("q"), Some("x y' or b='5%'"));
        assert_eq!(parse("q=%ff").get_str("q"), Some("\u{fffd}"));
    }
}
