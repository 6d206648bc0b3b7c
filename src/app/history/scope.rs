//! Of what the past is shown: of the whole inventory, or of one product.

use super::stamp::{NOW, Stamp};
use crate::{app::inventory::Product, store::Query};
use leptos::prelude::use_context;
use leptos_router::params::ParamsMap;

/// The address of the page.
const PATH: &str = "/history";

/// A part of the inventory. The parts of the page find it in their context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// Of this product alone.
    pub(super) product: Option<i64>,
}

impl Scope {
    /// The parameter of the address.
    pub(super) const PRODUCT: &'static str = "product";

    /// What the address asks for.
    pub(super) fn read(query: &ParamsMap) -> Self {
        Self { product: query.get_str(Self::PRODUCT).and_then(|id| id.parse().ok()) }
    }

    /// That of the page.
    pub(super) fn of_page() -> Self {
        use_context().unwrap_or_default()
    }

    /// The rows as they are now.
    pub(super) fn query(self) -> Query<Product> {
        match self.product {
            None => Query::all(),
            Some(id) => Query::all().filter("id = $1", (id,)),
        }
    }

    /// Where the page without its past is, and what that is called.
    pub(super) fn home(self) -> (String, &'static str) {
        match self.product {
            None => ("/".to_owned(), "To the inventory"),
            Some(id) => (crate::app::product::address(id), "To the product"),
        }
    }

    /// The path that forms lead to.
    pub(super) fn path(self) -> &'static str {
        PATH
    }

    /// The address of the present.
    pub(super) fn present(self) -> String {
        self.with(&[])
    }

    /// The address of a moment.
    pub(super) fn at(self, stamp: Stamp) -> String {
        self.with(&[("at", stamp.text())])
    }

    /// The address at which a moment is compared with now.
    pub(super) fn compared(self, stamp: Stamp) -> String {
        self.with(&[("at", stamp.text()), ("and", NOW.to_owned())])
    }

    fn with(self, parameters: &[(&str, String)]) -> String {
        let product = self.product.map(|id| (Self::PRODUCT, id.to_string()));
        let pairs: Vec<String> =
            product.iter().chain(parameters).map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", pairs.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_what_the_past_is_of() {
        let stamp = Stamp::parse("2026-11-26T06:41:45Z").expect("reads");
        let (all, one) = (Scope::default(), Scope { product: Some(7) });
        assert_eq!((all.present(), one.present()), ("/history".to_owned(), "/history?product=7".to_owned()));
        assert_eq!(all.at(stamp), format!("/history?at={}", stamp.text()));
        assert_eq!(one.compared(stamp), format!("/history?product=7&at={}&and=now", stamp.text()));
    }
}
