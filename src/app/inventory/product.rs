//! A product, as a row of `public.products`.

use crate::{app::time::Timestamp, store::LiveRow};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeTuple};
use std::fmt;

/// A row of the inventory.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Product {
    /// Primary key.
    pub id: i64,
    /// What is printed on the shelf and on the box.
    pub sku: String,
    /// What people call it.
    pub name: String,
    /// Which aisle of the catalogue it belongs to.
    pub category: String,
    /// Where it lies: aisle, bay, shelf.
    pub location: String,
    /// Pieces in stock.
    pub quantity: i32,
    /// At or below this many pieces, more should be ordered.
    pub reorder_level: i32,
    /// Price of one piece.
    pub price: Price,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl Product {
    /// Whether it is time to order more.
    pub fn is_low(&self) -> bool {
        self.quantity <= self.reorder_level
    }
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct ProductKey {
    /// Primary key.
    pub id: i64,
}

impl LiveRow for Product {
    const TABLE: &'static str = "public.products";
    type Key = ProductKey;

    fn key(&self) -> ProductKey {
        ProductKey { id: self.id }
    }
}

/// Without field names, because a page carries thousands of rows; reading takes both forms.
impl Serialize for Product {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_tuple(9)?;
        row.serialize_element(&self.id)?;
        row.serialize_element(&self.sku)?;
        row.serialize_element(&self.name)?;
        row.serialize_element(&self.category)?;
        row.serialize_element(&self.location)?;
        row.serialize_element(&self.quantity)?;
        row.serialize_element(&self.reorder_level)?;
        row.serialize_element(&self.price)?;
        row.serialize_element(&self.updated_at)?;
        row.end()
    }
}

/// An amount of money in hundredths, so that sums and comparisons are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub i64);

/// Always two decimals, thousands apart: `1,234.50`.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", grouped(self.0 / 100), self.0 % 100)
    }
}

impl Price {
    /// Without separators, as a field of a form takes it: `1234.50`.
    pub fn plain(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A JSON number such as Postgres writes for `numeric(12,2)`: twelve digits, which a double holds exactly.
impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(|amount| Self((amount * 100.0).round() as i64))
    }
}

/// A whole number with its thousands apart: `1,000,000`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
pub(in crate::app) mod tests {
    use super::*;

    pub(in crate::app) fn product(id: i64, sku: &str, name: &str, quantity: i32) -> Product {
        Product {
            id,
            sku: sku.to_owned(),
            name: name.to_owned(),
            category: "Tools".to_owned(),
            location: "A-01-1".to_owned(),
            quantity,
            reorder_level: 10,
            price: Price(1_250),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn a_row_reads_as_postgres_writes_it() {
        let text = r#"{"id":7,"sku":"A","name":"Bolt","category":"c","location":"l","quantity":3,"reorder_level":3,
            "price":1234567890.10,"updated_at":"2026-11-22T21:07:54.123456+00:00","a_column_of_tomorrow":[1]}"#;
        let row: Product = serde_json::from_str(text).expect("reads");
        assert_eq!((row.id, row.price, row.is_low()), (7, Price(123_456_789_010), true));
    }

    #[test]
    fn a_page_carries_rows_without_field_names_and_reads_them_back() {
        let row = product(7, "A-1", "Bolt \"M8\" </script>", 3);
        let text = serde_json::to_string(&row).expect("writes");
        assert!(text.starts_with(r#"[7,"A-1","#), "{text}");
        assert_eq!(serde_json::from_str::<Product>(&text).expect("reads"), row);
    }

    #[test]
    fn every_price_survives_the_way_through_json() {
        for cents in (0..2_000_000).step_by(7).chain([999_999_999_999]) {
            let text = serde_json::to_string(&Price(cents)).expect("writes");
            assert_eq!(serde_json::from_str::<Price>(&text).expect("reads"), Price(cents));
        }
    }

    #[test]
    fn numbers_show_thousands_and_prices_two_decimals() {
        assert_eq!(Price(123_450).to_string(), "1,234.50");
        assert_eq!(Price(5).to_string(), "0.05");
        assert_eq!(Price(123_450).plain(), "1234.50");
        assert_eq!([grouped(0), grouped(999), grouped(1_000_000)], ["0", "999", "1,000,000"]);
    }
}
