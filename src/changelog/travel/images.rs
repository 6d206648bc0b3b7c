//! What of an image of a row somebody may see. Pure.

use super::record::Record;
use crate::hub::{Definition, Image, Row};
use serde_json::value::RawValue;
use std::sync::Arc;

/// What one question shows of images.
#[derive(Clone, Copy, Debug)]
pub(super) struct Images<'a> {
    pub(super) definition: &'a Definition,
    pub(super) record: &'a Record,
}

impl Images<'_> {
    /// What is shown of an image, if anything. A column that came after `by` was not there then: whatever the image has under
    /// its name is something else.
    pub(super) fn shown(self, image: &Image, by: i64) -> Option<Image> {
        let Definition { table, columns, filter, .. } = self.definition;
        let row = Row::read(table, image).ok()?;
        if let Some(filter) = filter {
            let has_all = filter.uses().iter().all(|used| row.value(*used).is_some());
            if !has_all || !filter.matches(&row) {
                return None;
            }
        }
        let mut text = String::from("{");
        let all = 0..table.columns.len();
        let places: Vec<usize> = columns.clone().unwrap_or_else(|| all.collect());
        for place in places {
            let was_there = self.record.came[place].is_none_or(|arrival| arrival.seq < by);
            let value = row.value(place).filter(|_| was_there).unwrap_or("null");
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(&table.columns[place].name).expect("a string"));
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        Some(Arc::from(RawValue::from_string(text).expect("made of the parts of an object")))
    }
}
