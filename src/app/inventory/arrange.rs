//! Which rows are shown, and in which order. Pure.
//!
//! Rows are looked at one by one and not kept: only their keys are.

use super::{
    filters::aisle,
    listing::{Listing, SortKey},
    product::Product,
};
use crate::app::fold::fold;
use std::{collections::BTreeSet, sync::Arc};

/// Keys in the order of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// Primary keys of the rows that match.
    pub keys: Arc<[i64]>,
    /// How many rows there are, whether they match or not.
    pub total: usize,
    /// The categories of all rows, sorted.
    pub categories: Arc<BTreeSet<String>>,
    /// The aisles of all rows, sorted.
    pub aisles: Arc<BTreeSet<String>>,
}

impl Arrangement {
    /// What is the same as before is the same allocation, so that comparing is cheap for everybody downstream.
    pub fn sharing(mut self, before: &Self) -> Self {
        if self.keys == before.keys {
            self.keys = Arc::clone(&before.keys);
        }
        for (own, theirs) in [(&mut self.categories, &before.categories), (&mut self.aisles, &before.aisles)] {
            if own == theirs {
                *own = Arc::clone(theirs);
            }
        }
        self
    }
}

/// Takes rows, yields an [`Arrangement`].
pub struct Arranger<'a> {
    listing: &'a Listing,
    words: Vec<String>,
    matching: Vec<(SortKey, i64)>,
    total: usize,
    categories: BTreeSet<String>,
    aisles: BTreeSet<String>,
    folded: String,
}

impl<'a> Arranger<'a> {
    /// For a listing; its page does not matter.
    pub fn new(listing: &'a Listing) -> Self {
        let mut folded = String::new();
        fold(&listing.search, &mut folded);
        let words = folded.split_whitespace().map(str::to_owned).collect();
        Self {
            listing,
            words,
            matching: Vec::new(),
            total: 0,
            categories: BTreeSet::new(),
            aisles: BTreeSet::new(),
            folded: String::new(),
        }
    }

    /// Looks at a row.
    pub fn take(&mut self, row: &Product) {
        self.total += 1;
        note(&mut self.categories, &row.category);
        note(&mut self.aisles, aisle(&row.location));
        if self.matches(row) {
            self.matching.push((SortKey::of(row, self.listing.sort), row.id));
        }
    }

    /// Equal keys are in the order of the primary key, whichever way the list runs, so that nothing jumps.
    pub fn finish(mut self) -> Arrangement {
        let descending = self.listing.descending;
        self.matching.sort_unstable_by(|(a, a_id), (b, b_id)| {
            let order = if descending { b.cmp(a) } else { a.cmp(b) };
            order.then(a_id.cmp(b_id))
        });
        Arrangement {
            keys: self.matching.into_iter().map(|(_, id)| id).collect(),
            total: self.total,
            categories: Arc::new(self.categories),
            aisles: Arc::new(self.aisles),
        }
    }

    fn matches(&mut self, row: &Product) -> bool {
        if !self.listing.filters.match_product(row) {
            return false;
        }
        if self.words.is_empty() {
            return true;
        }
        self.folded.clear();
        for text in [&row.sku, &row.name, &row.category, &row.location] {
            fold(text, &mut self.folded);
            // A word must not match across two columns.
            self.folded.push('\n');
        }
        self.words.iter().all(|word| self.folded.contains(word.as_str()))
    }
}

/// Without an allocation for what is known.
fn note(texts: &mut BTreeSet<String>, text: &str) {
    if !text.is_empty() && !texts.contains(text) {
        texts.insert(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{super::listing::Column, super::product::tests::product, *};

    fn keys(rows: &[Product], listing: &Listing) -> Vec<i64> {
        let mut arranger = Arranger::new(listing);
        rows.iter().for_each(|row| arranger.take(row));
        arranger.finish().keys.to_vec()
    }

    fn search(text: &str) -> Listing {
        Listing { search: text.to_owned(), ..Listing::default() }
    }

    #[test]
    fn equal_values_stay_in_the_order_of_the_key_both_ways() {
        let rows = [product(3, "c", "x", 5), product(1, "a", "x", 5), product(2, "b", "x", 9)];
        let mut listing = Listing { sort: Column::Quantity, ..Listing::default() };
        assert_eq!(keys(&rows, &listing), [1, 3, 2]);
        listing.descending = true;
        assert_eq!(keys(&rows, &listing), [2, 1, 3]);
    }

    #[test]
    fn text_is_sorted_as_people_read_it() {
        let rows = [product(1, "b", "zebra", 0), product(2, "A", "Äpfel", 0), product(3, "a2", "Birne", 0)];
        assert_eq!(keys(&rows, &Listing::default()), [2, 3, 1]);
        assert_eq!(keys(&rows, &Listing { sort: Column::Name, ..Listing::default() }), [2, 3, 1]);
    }

    #[test]
    fn a_search_finds_all_words_in_any_column_without_regard_to_case_and_accents() {
        let rows = [product(1, "DR-1", "Café Drill", 0), product(2, "DR-2", "Hammer", 0)];
        assert_eq!(keys(&rows, &search("")), [1, 2]);
        assert_eq!(keys(&rows, &search("  dr ")), [1, 2]);
        assert_eq!(keys(&rows, &search("CAFE a-01")), [1]);
        assert_eq!(keys(&rows, &search("café")), [1]);
        assert_eq!(keys(&rows, &search("drill hammer")), [0; 0]);
        assert_eq!(keys(&rows, &search("2hammer")), [0; 0], "not across columns");
    }

    #[test]
    fn the_total_counts_what_does_not_match_too() {
        let listing = search("hammer");
        let mut arranger = Arranger::new(&listing);
        [product(1, "a", "Drill", 0), product(2, "b", "Hammer", 0)].iter().for_each(|row| arranger.take(row));
        let arrangement = arranger.finish();
        assert_eq!((&*arrangement.keys, arrangement.total), (&[2][..], 2));
    }

    #[test]
    fn what_can_be_chosen_is_what_all_rows_have() {
        let mut rows = [product(1, "a", "Drill", 0), product(2, "b", "Hammer", 0), product(3, "c", "Nail", 0)];
        for (row, (category, location)) in rows.iter_mut().zip([("Tools", "B-1"), ("Tools", ""), ("Small", "A-2")]) {
            (row.category, row.location) = (category.to_owned(), location.to_owned());
        }
        let filters = super::super::filters::Filters { category: "Small".to_owned(), ..Default::default() };
        let listing = Listing::default().narrowed(filters);
        let mut arranger = Arranger::new(&listing);
        rows.iter().for_each(|row| arranger.take(row));
        let arrangement = arranger.finish();
        assert_eq!(&*arrangement.keys, [3]);
        assert_eq!(arrangement.categories.iter().collect::<Vec<_>>(), ["Small", "Tools"]);
        assert_eq!(arrangement.aisles.iter().collect::<Vec<_>>(), ["A", "B"]);
        let again = arrangement.clone();
        assert!(Arc::ptr_eq(&again.sharing(&arrangement).aisles, &arrangement.aisles));
    }
}
