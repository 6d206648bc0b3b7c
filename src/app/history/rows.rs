//! The rows of a moment, and how they become those of the next one or the one before. Pure.

use super::model::{Change, Moment};
use crate::app::inventory::Product;
use std::collections::BTreeMap;

/// Rows by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows(pub(super) BTreeMap<i64, Product>);

impl FromIterator<Product> for Rows {
    fn from_iter<I: IntoIterator<Item = Product>>(rows: I) -> Self {
        Self(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Rows {
    /// From after so many of the moments to after so many others; `None` if something on the way is not known here.
    pub(super) fn moved(&self, moments: &[Moment], from: usize, to: usize) -> Option<Self> {
        let way = moments.get(from.min(to)..from.max(to))?;
        if !way.iter().all(Moment::is_whole) {
            return None;
        }
        let mut rows = self.clone();
        if to >= from {
            way.iter().for_each(|moment| rows.apply(&moment.changes, |one| (&one.old, &one.new)));
        } else {
            way.iter().rev().for_each(|moment| rows.apply(&moment.changes, |one| (&one.new, &one.old)));
        }
        Some(rows)
    }

    /// All that goes first, for keys may pass from row to row.
    fn apply(&mut self, changes: &[Change], pair: impl Fn(&Change) -> (&Option<Product>, &Option<Product>)) {
        changes.iter().filter_map(|one| pair(one).0.as_ref()).for_each(|gone| {
            self.0.remove(&gone.id);
        });
        let came = changes.iter().filter_map(|one| pair(one).1.clone());
        self.0.extend(came.map(|row| (row.id, row)));
    }
}

/// How rows differ, in the order of the SKU, and how many are the same.
#[cfg_attr(not(any(feature = "ssr", test)), expect(dead_code, reason = "the server compares"))]
pub(super) fn differences(before: Rows, after: Rows) -> (Vec<Change>, usize) {
    let (mut changes, mut same) = (Vec::new(), 0);
    let mut before = before.0;
    for (id, new) in after.0 {
        match before.remove(&id) {
            Some(old) if old == new => same += 1,
            old => changes.push(Change { old, new: Some(new) }),
        }
    }
    changes.extend(before.into_values().map(|old| Change { old: Some(old), new: None }));
    changes.sort_by(|a, b| a.row().map(|row| (&row.sku, row.id)).cmp(&b.row().map(|row| (&row.sku, row.id))));
    (changes, same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{history::stamp::Stamp, inventory::Price, time::Timestamp};

    fn product(id: i64, quantity: i32) -> Product {
        Product {
            id,
            sku: format!("S-{id}"),
            name: String::new(),
            category: String::new(),
            location: String::new(),
            quantity,
            reorder_level: 0,
            price: Price(0),
            updated_at: Timestamp(0),
        }
    }

    fn moment(changes: &[(Option<Product>, Option<Product>)]) -> Moment {
        let changes = changes.iter().map(|(old, new)| Change { old: old.clone(), new: new.clone() }).collect();
        Moment { stamp: Stamp { at: Timestamp(0), seq: None }, changes, further: 0, partial: false, who: None }
    }

    #[test]
    fn going_forth_and_back_again_leads_to_where_one_was() {
        let (one, more, two) = (product(1, 1), product(1, 5), product(2, 2));
        let moments = [
            moment(&[(None, Some(one.clone()))]),
            moment(&[(Some(one.clone()), Some(more.clone())), (None, Some(two.clone()))]),
            moment(&[(Some(more.clone()), None)]),
        ];
        let states: Vec<Rows> =
            [vec![], vec![one], vec![more, two.clone()], vec![two]].map(|rows| rows.into_iter().collect()).into();
        for from in 0..4 {
            for to in 0..4 {
                assert_eq!(states[from].moved(&moments, from, to).as_ref(), Some(&states[to]), "{from} to {to}");
            }
        }
        assert_eq!(states[0].moved(&moments, 0, 4), None, "beyond what is known");
    }

    #[test]
    fn nobody_goes_past_what_is_not_known_whole() {
        let mut bulk = moment(&[(None, Some(product(1, 1)))]);
        bulk.further = 9;
        assert_eq!(Rows::default().moved(&[bulk], 0, 1), None);
    }

    #[test]
    fn differences_are_what_came_what_went_and_what_reads_otherwise() {
        let before: Rows = [product(1, 1), product(2, 2), product(3, 3)].into_iter().collect();
        let after: Rows = [product(2, 2), product(3, 4), product(4, 4)].into_iter().collect();
        let (changes, same) = differences(before, after);
        let said: Vec<_> = changes
            .iter()
            .map(|one| (one.old.as_ref().map(|row| row.quantity), one.new.as_ref().map(|row| row.quantity)))
            .collect();
        assert_eq!((said, same), (vec![(Some(1), None), (Some(3), Some(4)), (None, Some(4))], 1));
    }
}
