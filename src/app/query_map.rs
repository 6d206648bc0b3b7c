//! The parameters of the page's address.
//!
//! Not the router's own hook, which decodes every value twice: with it, `?q=%2541` would mean `A`, and what holds an address or a `%`
//! would arrive as something else.

use leptos::prelude::*;
use leptos_router::{hooks::use_location, location::Url, params::ParamsMap};

/// The parameters as they were written, decoded once. Follows the address.
pub(super) fn use_query_map() -> Memo<ParamsMap> {
    let search = use_location().search;
    Memo::new(move |_| search.with(|search| parse(search)))
}

fn parse(search: &str) -> ParamsMap {
    let mut map = ParamsMap::new();
    for pair in search.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let spaced = |text: &str| text.replace('+', "%20");
        // What is inserted is decoded on the way.
        map.insert(Url::unescape(&spaced(name)), spaced(value));
    }
    map
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
    }
}
