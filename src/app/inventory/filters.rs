//! What a list of products is narrowed to, besides the words that are searched for. Pure.

use super::product::Product;

/// Each that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// The category; all if empty.
    pub category: String,
    /// The aisle, see [`aisle`]; all if empty.
    pub aisle: String,
    /// Only what is at or below its reorder level.
    pub low: bool,
}

impl Filters {
    /// Parameter of the address.
    pub const CATEGORY: &'static str = "category";
    /// Parameter of the address.
    pub const AISLE: &'static str = "aisle";
    /// Parameter of the address; any value but `1` is as if it were not there.
    pub const LOW: &'static str = "low";

    /// Reads them from the parameters of the address.
    pub fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| parameter(name).unwrap_or_default().to_owned();
        Self { category: text(Self::CATEGORY), aisle: text(Self::AISLE), low: parameter(Self::LOW) == Some("1") }
    }

    /// The parameters that say so.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let low = if self.low { "1" } else { "" };
        let all = [(Self::CATEGORY, &*self.category), (Self::AISLE, &*self.aisle), (Self::LOW, low)];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a product is among what is asked for.
    pub fn match_product(&self, row: &Product) -> bool {
        (self.category.is_empty() || row.category == self.category)
            && (self.aisle.is_empty() || aisle(&row.location) == self.aisle)
            && (!self.low || row.is_low())
    }
}

/// The aisle of a location: what stands before its first hyphen, or all of it.
pub fn aisle(location: &str) -> &str {
    location.split_once('-').map_or(location, |(aisle, _)| aisle).trim()
}

#[cfg(test)]
mod tests {
    use super::{super::product::tests::product, *};

    fn read(pairs: &[(&str, &'static str)]) -> Filters {
        Filters::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn filters_are_written_as_they_are_read() {
        let all = [("category", "Power tools"), ("aisle", "B"), ("low", "1")];
        assert_eq!(read(&all).parameters().collect::<Vec<_>>(), all);
        assert!(read(&[("low", "yes")]).is_empty());
        assert_eq!(read(&[]).parameters().count(), 0);
    }

    #[test]
    fn each_filter_that_is_set_must_hold() {
        let mut row = product(1, "a", "Drill", 5);
        (row.category, row.location, row.reorder_level) = ("Power tools".to_owned(), "B-07-3".to_owned(), 5);
        for (filters, expected) in [
            (vec![], true),
            (vec![("category", "Power tools"), ("aisle", "B"), ("low", "1")], true),
            (vec![("category", "Power")], false),
            (vec![("aisle", "B-07")], false),
        ] {
            assert_eq!(read(&filters).match_product(&row), expected, "{filters:?}");
        }
        row.quantity = 6;
        assert!(!read(&[("low", "1")]).match_product(&row));
    }

    #[test]
    fn an_aisle_is_what_stands_before_the_first_hyphen() {
        assert_eq!([aisle("B-07-3"), aisle("Yard"), aisle(" C - 1"), aisle("")], ["B", "Yard", "C", ""]);
    }
}
