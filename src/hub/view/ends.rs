//! The first distinct values of a column in an order, within one group: the smallest, or the largest.
//!
//! Kept are the first of all, without gaps, each with how often it occurs; of those that come after them only how many there
//! are is known.

use super::{Need, ViewError, sum::step};
use crate::hub::{
    Column, Unreadable,
    value::{self, Order},
};

#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    /// In their order.
    kept: Vec<End>,
    /// Rows with values that come after all that are kept.
    beyond: u64,
}

/// A value and how many rows have it.
#[derive(Clone, Debug)]
struct End {
    place: Box<[u8]>,
    json: Box<str>,
    rows: u64,
}

impl Ends {
    /// A value comes or goes, by its JSON text. At most `most` are kept.
    pub fn change(
        &mut self,
        column: &Column,
        order: Order,
        json: &str,
        enters: bool,
        most: usize,
    ) -> Result<(), ViewError> {
        if json == "null" {
            return Ok(());
        }
        let place = place(column, order, json)?;
        match self.kept.binary_search_by(|end| end.place.cmp(&place)) {
            Ok(index) => {
                self.kept[index].rows = step(self.kept[index].rows, enters)?;
                if self.kept[index].rows == 0 {
                    self.kept.remove(index);
                }
            }
            Err(index) if self.beyond > 0 && index == self.kept.len() => self.beyond = step(self.beyond, enters)?,
            Err(_) if !enters => return Err(ViewError::Inconsistent),
            Err(index) => {
                self.kept.insert(index, End { place, json: json.into(), rows: 1 });
                while self.kept.len() > most {
                    self.beyond += self.kept.pop().map_or(0, |end| end.rows);
                }
            }
        }
        Ok(())
    }

    /// One of the first values, as a statement that fills says it, before or after [`fill_all`](Self::fill_all).
    pub fn fill_value(&mut self, column: &Column, order: Order, json: &str, rows: u64) -> Result<(), Unreadable> {
        let place = place(column, order, json)?;
        let index = self.kept.partition_point(|end| end.place < place);
        self.kept.insert(index, End { place, json: json.into(), rows });
        // What is said of all rows may come later.
        self.beyond = self.beyond.wrapping_sub(rows);
        Ok(())
    }

    /// How many rows have a value at all, as a statement that fills says it.
    pub fn fill_all(&mut self, rows: u64) {
        self.beyond = self.beyond.wrapping_add(rows);
    }

    /// The first value as JSON, `null` if there is none; `None` if it is not known.
    pub fn first(&self) -> Option<&str> {
        match self.kept.first() {
            Some(end) => Some(&end.json),
            None => (self.beyond == 0).then_some("null"),
        }
    }

    /// Whether the values have to be read again, if `most` are kept.
    pub fn need(&self, most: usize) -> Need {
        match self.kept.len() {
            _ if self.beyond == 0 => Need::Nothing,
            0 => Need::RefillNow,
            kept if kept < most.div_ceil(2) => Need::RefillSoon,
            _ => Need::Nothing,
        }
    }
}

/// Where a value stands, different for values that are written differently.
fn place(column: &Column, order: Order, json: &str) -> Result<Box<[u8]>, Unreadable> {
    let mut out = Vec::with_capacity(16);
    order.write(&column.kind, json, &mut out)?;
    if !value::is_canonical(column) {
        order.write_text(json, &mut out);
    }
    Ok(out.into())
}
