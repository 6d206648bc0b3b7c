//! What somebody wants to order, as they typed it. Pure.
//!
//! It has the names of the form's fields, and reads and writes the address of the form: without JavaScript a search leads to
//! another page, and what was chosen before goes along.

use super::rows::NEW;
use crate::{
    identity::paths::encode,
    orders::{MAX_LINES, MAX_NAME, MAX_NOTE, MAX_QUANTITY, Place, PlaceLine, Refusal, RefusalCode},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest text of a search that is kept, in characters.
const MAX_SEARCH: usize = 100;

/// An order as somebody typed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// By the product's number: how many pieces.
    pub quantity: BTreeMap<String, String>,
    /// To those who work here.
    pub note: String,
    /// For whom, if they have no account. Only staff may say so.
    pub customer_name: String,
    /// Whatever is sent twice under the same key is done once.
    pub key: String,
    /// What was looked for last.
    pub q: String,
}

impl Wish {
    /// The name of a field of the form.
    pub fn field(name: &str) -> String {
        format!("wish[{name}]")
    }

    /// The name of the field with a product's quantity.
    pub fn quantity_field(product: i64) -> String {
        format!("wish[quantity][{product}]")
    }

    /// Reads the parameters of the address. What makes no sense is as if it were not there.
    pub fn read(parameters: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let mut wish = Self::default();
        for (name, value) in parameters {
            let (name, value) = (name.as_ref(), value.as_ref());
            let Some(name) = name.strip_prefix("wish[") else { continue };
            match name.strip_suffix(']') {
                Some("note") => wish.note = value.to_owned(),
                Some("customer_name") => wish.customer_name = value.to_owned(),
                Some("key") => wish.key = value.to_owned(),
                Some("q") => wish.q = value.to_owned(),
                Some(name) => {
                    let product = name.strip_prefix("quantity][").and_then(|product| product.parse::<i64>().ok());
                    if let Some(product) = product.filter(|_| !value.trim().is_empty()) {
                        wish.quantity.insert(product.to_string(), value.to_owned());
                    }
                }
                None => {}
            }
        }
        wish
    }

    /// The address of the form with all of this in it.
    pub fn address(&self) -> String {
        let mut pairs = Vec::new();
        let text = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        for (name, value) in [
            ("q", text(&self.q, MAX_SEARCH)),
            ("note", text(&self.note, MAX_NOTE)),
            ("customer_name", text(&self.customer_name, MAX_NAME)),
            ("key", text(&self.key, crate::orders::MAX_KEY)),
        ] {
            if !value.is_empty() {
                pairs.push((Self::field(name), value));
            }
        }
        let chosen = self.chosen().into_iter().take(MAX_LINES);
        pairs.extend(chosen.map(|(product, typed)| (Self::quantity_field(product), text(typed, 20))));
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        if pairs.is_empty() { NEW.to_owned() } else { format!("{NEW}?{}", pairs.join("&")) }
    }

    /// The products that were chosen, in the order of their numbers, with what was typed.
    pub fn chosen(&self) -> Vec<(i64, &str)> {
        let typed = self.quantity.iter().filter(|(_, typed)| !matches!(typed.trim(), "" | "0"));
        let mut chosen: Vec<_> =
            typed.filter_map(|(product, typed)| Some((product.parse().ok()?, typed.as_str()))).collect();
        chosen.sort_unstable();
        chosen
    }

    /// As the domain takes it.
    pub fn place(&self) -> Result<Place, Refusal> {
        let mut lines = Vec::new();
        for (at, (product_id, typed)) in self.chosen().into_iter().enumerate() {
            let quantity = quantity(typed).ok_or_else(|| {
                Refusal::of_field(RefusalCode::Invalid, format!("lines[{at}].quantity"), NOT_A_QUANTITY)
            })?;
            lines.push(PlaceLine { product_id, quantity });
        }
        if lines.is_empty() {
            return Err(Refusal::of_field(RefusalCode::Invalid, "lines", NOTHING_CHOSEN));
        }
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Place {
            lines,
            note: self.note.trim().to_owned(),
            customer: None,
            customer_name: given(&self.customer_name),
            key: given(&self.key),
        })
    }
}

/// What is wrong with a quantity.
pub(super) const NOT_A_QUANTITY: &str = "The number of pieces must be a whole number from 1 to 100,000";
/// What is wrong with an order of nothing.
pub(super) const NOTHING_CHOSEN: &str = "Choose at least one product";

/// Reads a number of pieces: digits only, because every other notation means something else somewhere.
pub(super) fn quantity(typed: &str) -> Option<i64> {
    let digits = typed.trim();
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number.filter(|number| (1..=MAX_QUANTITY).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(quantity: &[(&str, &str)]) -> Wish {
        let quantity = quantity.iter().map(|(product, typed)| ((*product).to_owned(), (*typed).to_owned()));
        Wish { quantity: quantity.collect(), ..Wish::default() }
    }

    #[test]
    fn what_was_chosen_survives_the_way_through_the_address() {
        let wish = Wish { note: "a&b é".to_owned(), key: "k".to_owned(), ..wish(&[("12", "3"), ("7", "x")]) };
        let address = wish.address();
        assert!(address.starts_with("/orders/new?wish%5Bnote%5D=a%26b%20%C3%A9&"), "{address}");
        let decoded =
            [("wish[note]", "a&b é"), ("wish[key]", "k"), ("wish[quantity][12]", "3"), ("wish[quantity][7]", "x")];
        let noise = [("wish[quantity][9]", " "), ("wish[quantity][z]", "1"), ("q", "?"), ("wish[", "")];
        assert_eq!(Wish::read(decoded.into_iter().chain(noise)), wish);
        assert_eq!(Wish::default().address(), NEW);
    }

    #[test]
    fn products_are_in_the_order_of_their_numbers_and_those_of_which_nothing_is_wanted_are_not() {
        let place = wish(&[("12", "3"), ("7", " 2 "), ("8", "0"), ("9", "")]).place().expect("is an order");
        let lines: Vec<_> = place.lines.iter().map(|line| (line.product_id, line.quantity)).collect();
        assert_eq!(lines, [(7, 2), (12, 3)]);
        assert_eq!((place.key, place.customer_name), (None, None));
    }

    #[test]
    fn what_is_no_order_says_where() {
        let field = |wish: Wish| wish.place().expect_err("is none").field;
        assert_eq!(field(Wish::default()).as_deref(), Some("lines"));
        for typed in ["-1", "1.5", "abc", "100001", "1e3"] {
            assert_eq!(field(wish(&[("7", "1"), ("12", typed)])).as_deref(), Some("lines[1].quantity"), "{typed}");
        }
    }
}
