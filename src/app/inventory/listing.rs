//! Which part of the inventory is asked for, as the address of the page says it:
//! `?q=drill&category=Power+tools&low=1&sort=quantity&dir=desc&page=2`.
//!
//! The address is the only place that knows, so that a reload, a bookmark, the back button and a browser without
//! JavaScript all show the same.

use super::{filters::Filters, product::Product};
use crate::{app::fold::fold, identity::paths};

/// Where a list can be had as a file.
pub const LIST_FILE: &str = "/api/inventory/export";

/// A column that the list can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// Stock-keeping unit.
    #[default]
    Sku,
    /// Name.
    Name,
    /// Category.
    Category,
    /// Location.
    Location,
    /// Quantity.
    Quantity,
    /// Reorder level.
    ReorderLevel,
    /// Price.
    Price,
    /// Last change.
    UpdatedAt,
}

impl Column {
    /// All of them, as they stand in the table.
    pub const ALL: [Self; 8] = [
        Self::Sku,
        Self::Name,
        Self::Category,
        Self::Location,
        Self::Quantity,
        Self::ReorderLevel,
        Self::Price,
        Self::UpdatedAt,
    ];

    /// In the address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Name => "name",
            Self::Category => "category",
            Self::Location => "location",
            Self::Quantity => "quantity",
            Self::ReorderLevel => "reorder_level",
            Self::Price => "price",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// Above the column.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sku => "SKU",
            Self::Name => "Name",
            Self::Category => "Category",
            Self::Location => "Location",
            Self::Quantity => "Quantity",
            Self::ReorderLevel => "Reorder level",
            Self::Price => "Price, €",
            Self::UpdatedAt => "Last change",
        }
    }

    /// The inverse of [`word`](Self::word).
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Words to look for; all of them must occur.
    pub search: String,
    /// What else must hold.
    pub filters: Filters,
    /// Order of the rows.
    pub sort: Column,
    /// The other way round.
    pub descending: bool,
    /// From one; only what the server renders has pages.
    pub page: usize,
}

impl Listing {
    /// Reads it from the parameters of the address. What makes no sense is as if it were not there.
    pub fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            search: parameter("q").unwrap_or_default().to_owned(),
            filters: Filters::read(&parameter),
            sort: parameter("sort").and_then(Column::of).unwrap_or_default(),
            descending: parameter("dir") == Some("desc"),
            page: parameter("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
        }
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        self.address_with(&[])
    }

    /// The address with further parameters.
    pub fn address_with(&self, more: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let mut push = |name: &str, value: &str| {
            text.push_str(if text.is_empty() { "/?" } else { "&" });
            text.push_str(name);
            text.push('=');
            text.push_str(&paths::encode(value));
        };
        if !self.search.is_empty() {
            push("q", &self.search);
        }
        self.filters.parameters().for_each(|(name, value)| push(name, value));
        if self.sort != Column::default() {
            push("sort", self.sort.word());
        }
        if self.descending {
            push("dir", "desc");
        }
        if self.page > 1 {
            push("page", &self.page.to_string());
        }
        more.iter().for_each(|(name, value)| push(name, value));
        if text.is_empty() { "/".to_owned() } else { text }
    }

    /// The address of the same as a file, whichever page it is.
    pub fn export(&self) -> String {
        self.on_page(1).address().replacen('/', LIST_FILE, 1)
    }

    /// What a click on the header of `column` asks for: that order, or the other way round if it is that already.
    pub fn sorted_by(&self, column: Column) -> Self {
        let descending = self.sort == column && !self.descending;
        Self { sort: column, descending, page: 1, ..self.clone() }
    }

    /// The same order of all rows.
    pub fn of_everything(&self) -> Self {
        Self { sort: self.sort, descending: self.descending, page: 1, ..Self::default() }
    }

    /// The same, narrowed otherwise.
    pub fn narrowed(&self, filters: Filters) -> Self {
        Self { filters, page: 1, ..self.clone() }
    }

    /// Another page of the same.
    pub fn on_page(&self, page: usize) -> Self {
        Self { page, ..self.clone() }
    }
}

/// What a row is sorted by. Text is compared as people read it: without regard to case and accents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// Of a number, an amount or a time.
    Number(i64),
    /// Of a text, folded.
    Text(String),
}

impl SortKey {
    /// The key of a row.
    pub fn of(row: &Product, column: Column) -> Self {
        let text = |text: &str| {
            let mut folded = String::with_capacity(text.len());
            fold(text, &mut folded);
            Self::Text(folded)
        };
        match column {
            Column::Sku => text(&row.sku),
            Column::Name => text(&row.name),
            Column::Category => text(&row.category),
            Column::Location => text(&row.location),
            Column::Quantity => Self::Number(row.quantity.into()),
            Column::ReorderLevel => Self::Number(row.reorder_level.into()),
            Column::Price => Self::Number(row.price.0),
            Column::UpdatedAt => Self::Number(row.updated_at.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &'static str)]) -> Listing {
        Listing::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn an_address_says_only_what_is_not_usual() {
        assert_eq!(read(&[]).address(), "/");
        let listing = read(&[("q", "a&b é"), ("sort", "quantity"), ("dir", "desc"), ("page", "2")]);
        assert_eq!(listing.address(), "/?q=a%26b%20%C3%A9&sort=quantity&dir=desc&page=2");
        assert_eq!(listing.of_everything().address_with(&[("delete", "7")]), "/?sort=quantity&dir=desc&delete=7");
        let narrowed = listing.narrowed(Filters { aisle: "B".to_owned(), low: true, ..Filters::default() });
        assert_eq!(narrowed.address(), "/?q=a%26b%20%C3%A9&aisle=B&low=1&sort=quantity&dir=desc");
        assert_eq!(narrowed.export(), "/api/inventory/export?q=a%26b%20%C3%A9&aisle=B&low=1&sort=quantity&dir=desc");
        assert_eq!(Listing::default().export(), LIST_FILE);
        assert_eq!(narrowed.of_everything().address(), "/?sort=quantity&dir=desc");
    }

    #[test]
    fn nonsense_in_the_address_is_as_if_it_were_not_there() {
        let listing = read(&[("sort", "'; drop table"), ("dir", "up"), ("page", "-3")]);
        assert_eq!(listing, read(&[]));
        assert_eq!(read(&[("page", "0")]).page, 1);
    }

    #[test]
    fn a_second_click_on_a_header_turns_the_order_round_and_a_third_back() {
        let once = read(&[("page", "3")]).sorted_by(Column::Price);
        assert_eq!((once.sort, once.descending, once.page), (Column::Price, false, 1));
        let twice = once.sorted_by(Column::Price);
        assert!(twice.descending);
        assert!(!twice.sorted_by(Column::Price).descending);
        assert!(!twice.sorted_by(Column::Name).descending);
    }
}
