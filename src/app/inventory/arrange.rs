//! Which rows are shown, and in which order. Pure.
//!
//! Rows are looked at one by one and not kept: only their keys are.

use super::{
    listing::{Listing, SortKey},
    product::Product,
};
use std::sync::Arc;

/// Keys in the order of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// Primary keys of the rows that match.
    pub keys: Arc<[i64]>,
    /// How many rows there are, whether they match or not.
    pub total: usize,
}

/// Takes rows, yields an [`Arrangement`].
pub struct Arranger<'a> {
    listing: &'a Listing,
    words: Vec<String>,
    matching: Vec<(SortKey, i64)>,
    total: usize,
    folded: String,
}

impl<'a> Arranger<'a> {
    /// For a listing; its page does not matter.
    pub fn new(listing: &'a Listing) -> Self {
        let mut folded = String::new();
        fold(&listing.search, &mut folded);
        let words = folded.split_whitespace().map(str::to_owned).collect();
        Self { listing, words, matching: Vec::new(), total: 0, folded: String::new() }
    }

    /// Looks at a row.
    pub fn take(&mut self, row: &Product) {
        self.total += 1;
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
        Arrangement { keys: self.matching.into_iter().map(|(_, id)| id).collect(), total: self.total }
    }

    fn matches(&mut self, row: &Product) -> bool {
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

/// Appends `text` without regard to case and to the accents of Latin letters.
pub fn fold(text: &str, folded: &mut String) {
    for character in text.chars() {
        if character.is_ascii() {
            folded.push(character.to_ascii_lowercase());
        } else {
            character.to_lowercase().for_each(|lower| match base(lower) {
                "" => folded.push(lower),
                base => folded.push_str(base),
            });
        }
    }
}

/// The plain letters that people type for a small letter with an accent, or nothing if it has none.
fn base(letter: char) -> &'static str {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'ş' | 'š' => "s",
        'ß' => "ss",
        'ť' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'æ' => "ae",
        'œ' => "oe",
        _ => "",
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
        assert_eq!(arranger.finish(), Arrangement { keys: [2].into(), total: 2 });
    }
}
