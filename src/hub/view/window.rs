//! The first rows in an order, and some after them.
//!
//! Kept are the first rows of the whole answer, without gaps: if there may be others, they come after the last one that is
//! kept. Hence a row that enters after that one is none of ours, and a row that leaves can be taken out without asking.

use super::{Need, Output, OutputChange, ViewBounds, ViewError, spec::WindowSpec};
use crate::hub::{Image, Row, Table, Unreadable};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// A large window has one row of slack for so many rows.
const ROWS_PER_SLACK: usize = 4;

#[derive(Debug)]
pub(super) struct Window {
    spec: WindowSpec,
    slack: usize,
    /// By their places in the order.
    kept: BTreeMap<Box<[u8]>, Image>,
    /// Whether there may be rows after the last one that is kept.
    more: bool,
    /// The output as it was said last, while it may be another by now.
    shown: Option<Vec<Image>>,
}

impl Window {
    pub fn empty(spec: WindowSpec, bounds: ViewBounds) -> Self {
        let slack = bounds.slack.max(spec.limit() / ROWS_PER_SLACK);
        Self { spec, slack, kept: BTreeMap::new(), more: true, shown: Some(Vec::new()) }
    }

    pub fn fill_sql(&self, table: &Table, source: &str, condition: Option<&str>) -> String {
        let filter = condition.map_or_else(String::new, |condition| format!(" where {condition}"));
        let order = self.spec.order_sql(table);
        // One row more than is kept shows whether there are others.
        format!("select row_to_json(t.*)::text from {source}{filter} order by {order} limit {}", self.capacity() + 1)
    }

    pub fn fill(&mut self, table: &Table, rows: Vec<Box<RawValue>>) -> Result<(), ViewError> {
        self.touch();
        self.more = false;
        self.kept.clear();
        for row in rows {
            let image: Image = Arc::from(row);
            let place = self.spec.place(table, &Row::read(table, &image)?)?;
            self.kept.insert(place, image);
        }
        self.trim();
        Ok(())
    }

    pub fn apply(&mut self, table: &Table, before: Option<&Row>, after: Option<&Row>) -> Result<(), ViewError> {
        let place = |row: Option<&Row>| row.map(|row| self.spec.place(table, row)).transpose();
        let (before, entering) = (place(before)?, after.zip(place(after)?));
        let last = self.kept.last_key_value().map(|(place, _)| place);
        let within = |place: &[u8]| !self.more || last.is_some_and(|last| place <= &**last);
        let before = before.filter(|place| within(place));
        let entering = entering.filter(|(_, place)| within(place));
        if before.is_none() && entering.is_none() {
            return Ok(());
        }
        self.touch();
        if before.is_some_and(|place| self.kept.remove(&place).is_none()) {
            return Err(ViewError::Inconsistent);
        }
        if let Some((row, place)) = entering {
            self.kept.insert(place, row.image().clone());
            self.trim();
        }
        Ok(())
    }

    pub fn truncate(&mut self) {
        self.touch();
        self.kept.clear();
        self.more = false;
    }

    pub fn output(&mut self, table: &Table) -> Result<Output, ViewError> {
        let need = self.need();
        if need == Need::RefillNow {
            return Ok(Output { changes: Vec::new(), need });
        }
        let changes = match self.shown.take() {
            Some(shown) => difference(table, &shown, &self.rows())?,
            None => Vec::new(),
        };
        Ok(Output { changes, need })
    }

    pub fn rows(&self) -> Vec<Image> {
        self.kept.values().take(self.spec.limit()).cloned().collect()
    }

    fn capacity(&self) -> usize {
        self.spec.limit() + self.slack
    }

    fn need(&self) -> Need {
        let kept = self.kept.len();
        match self.more {
            false => Need::Nothing,
            true if kept < self.spec.limit() => Need::RefillNow,
            true if kept < self.spec.limit() + self.slack.div_ceil(2) => Need::RefillSoon,
            true => Need::Nothing,
        }
    }

    /// Remembers the output before it changes.
    fn touch(&mut self) {
        if self.shown.is_none() {
            self.shown = Some(self.rows());
        }
    }

    fn trim(&mut self) {
        while self.kept.len() > self.capacity() {
            self.kept.pop_last();
            self.more = true;
        }
    }
}

/// What makes one output of the other. Rows that nothing happened to are the same allocation in both.
fn difference(table: &Table, shown: &[Image], rows: &[Image]) -> Result<Vec<OutputChange>, Unreadable> {
    fn without<'a>(images: &'a [Image], others: &[Image]) -> impl Iterator<Item = &'a Image> {
        let others: HashSet<*const u8> = others.iter().map(|image| image.get().as_ptr()).collect();
        images.iter().filter(move |image| !others.contains(&image.get().as_ptr()))
    }
    let key = |image: &Image| key_object(table, &Row::read(table, image)?);
    let mut gone = without(shown, rows)
        .map(|image| Ok((key(image)?, image)))
        .collect::<Result<HashMap<String, &Image>, Unreadable>>()?;
    let mut written = Vec::new();
    for image in without(rows, shown) {
        match gone.remove(&key(image)?) {
            Some(old) if old.get() == image.get() => {}
            Some(old) => written.push(OutputChange::Update(old.clone(), image.clone())),
            None => written.push(OutputChange::Insert(image.clone())),
        }
    }
    let deletes = gone.into_keys().map(|key| RawValue::from_string(key).map(OutputChange::Delete));
    let mut changes = deletes.collect::<Result<Vec<_>, _>>().map_err(|_| Unreadable)?;
    changes.append(&mut written);
    Ok(changes)
}

/// The key columns of a row, as an object in the order of the key.
fn key_object(table: &Table, row: &Row) -> Result<String, Unreadable> {
    let mut object = String::from("{");
    for name in &table.key {
        let column = table.columns.iter().position(|column| column.name == *name).ok_or(Unreadable)?;
        if object.len() > 1 {
            object.push(',');
        }
        object.push_str(&serde_json::to_string(name).expect("a string"));
        object.push(':');
        object.push_str(row.value(column).ok_or(Unreadable)?);
    }
    object.push('}');
    Ok(object)
}
