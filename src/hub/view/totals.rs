//! Totals of all rows, or of groups of them.
//!
//! Without columns to group by there is one group, even of no rows; else a group is there as long as it has rows.

use super::{Need, Output, OutputChange, TotalsSpec, ViewBounds, ViewError, fill::Filled, group::Group};
use crate::hub::{Image, Row, Table, Unreadable};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A group's columns as a JSON object. They are such that equal values are written alike.
type GroupKey = Box<str>;

#[derive(Debug)]
pub(super) struct Totals {
    spec: TotalsSpec,
    bounds: ViewBounds,
    groups: BTreeMap<GroupKey, Group>,
    /// Whether the groups are known at all.
    filled: bool,
    /// Whether some group has lost many of the values that are kept.
    soon: bool,
    /// Groups that may not be as they were said last, and how that was; `None` if they were not there.
    touched: BTreeMap<GroupKey, Option<Image>>,
}

impl Totals {
    pub fn empty(spec: TotalsSpec, bounds: ViewBounds) -> Self {
        Self { spec, bounds, groups: BTreeMap::new(), filled: false, soon: false, touched: BTreeMap::new() }
    }

    pub fn spec(&self) -> &TotalsSpec {
        &self.spec
    }

    pub fn bounds(&self) -> ViewBounds {
        self.bounds
    }

    pub fn fill(&mut self, table: &Table, rows: Vec<Box<RawValue>>) -> Result<(), ViewError> {
        self.clear(table);
        self.filled = true;
        for row in &rows {
            let filled = Filled::read(row)?;
            let key = key(&self.spec, table, |place| filled.group.get(place).copied())?;
            self.touched.entry(key.clone()).or_insert(None);
            let group = self.groups.entry(key).or_insert_with(|| Group::empty(&self.spec, table));
            filled.put(group, &self.spec, table)?;
        }
        self.bounded()
    }

    pub fn apply(&mut self, table: &Table, before: Option<&Row>, after: Option<&Row>) -> Result<(), ViewError> {
        if self.filled {
            before.map_or(Ok(()), |row| self.change(table, row, false))?;
            after.map_or(Ok(()), |row| self.change(table, row, true))?;
        }
        Ok(())
    }

    pub fn truncate(&mut self, table: &Table) {
        self.clear(table);
        self.filled = true;
        if self.spec.group.is_empty() {
            let key: GroupKey = "{}".into();
            self.touched.entry(key.clone()).or_insert(None);
            self.groups.insert(key, Group::empty(&self.spec, table));
        }
    }

    pub fn output(&mut self, table: &Table) -> Result<Output, ViewError> {
        self.bounded()?;
        // Only a group that was touched can have lost its last value, and it stays touched until that is known again.
        let unknown = |key| self.groups.get(key).is_some_and(|group| group.need(self.bounds.ends) == Need::RefillNow);
        if !self.filled || self.touched.keys().any(unknown) {
            return Ok(Output { changes: Vec::new(), need: Need::RefillNow });
        }
        let (mut changes, mut written) = (Vec::new(), Vec::new());
        for (key, shown) in std::mem::take(&mut self.touched) {
            let now = self.groups.get(&key).and_then(|group| group.output(&self.spec, table, &key));
            match (shown, now) {
                (Some(shown), Some(now)) if shown.get() == now.get() => {}
                (Some(shown), Some(now)) => written.push(OutputChange::Update(shown, now)),
                (None, Some(now)) => written.push(OutputChange::Insert(now)),
                (Some(_), None) => {
                    let key = RawValue::from_string(format!("{{\"group\":{key}}}")).map_err(|_| Unreadable)?;
                    changes.push(OutputChange::Delete(key));
                }
                (None, None) => {}
            }
        }
        changes.append(&mut written);
        Ok(Output { changes, need: if self.soon { Need::RefillSoon } else { Need::Nothing } })
    }

    pub fn rows(&self, table: &Table) -> Vec<Image> {
        self.groups.iter().filter_map(|(key, group)| group.output(&self.spec, table, key)).collect()
    }

    /// A row comes or goes.
    fn change(&mut self, table: &Table, row: &Row, enters: bool) -> Result<(), ViewError> {
        let key = key(&self.spec, table, |place| row.value(self.spec.group[place]))?;
        if !self.touched.contains_key(&key) {
            let shown = self.groups.get(&key).and_then(|group| group.output(&self.spec, table, &key));
            self.touched.insert(key.clone(), shown);
        }
        let group = match self.groups.get_mut(&key) {
            Some(group) => group,
            None if !enters => return Err(ViewError::Inconsistent),
            None => self.groups.entry(key.clone()).or_insert_with(|| Group::empty(&self.spec, table)),
        };
        group.change(&self.spec, table, row, enters, self.bounds.ends)?;
        self.soon |= group.need(self.bounds.ends) >= Need::RefillSoon;
        if group.count == 0 && !self.spec.group.is_empty() {
            self.groups.remove(&key);
        }
        Ok(())
    }

    /// Forgets all groups, and remembers how they were said last.
    fn clear(&mut self, table: &Table) {
        for (key, group) in std::mem::take(&mut self.groups) {
            if !self.touched.contains_key(&key) {
                let shown = group.output(&self.spec, table, &key);
                self.touched.insert(key, shown);
            }
        }
        self.soon = false;
    }

    fn bounded(&self) -> Result<(), ViewError> {
        if self.groups.len() > self.bounds.groups { Err(ViewError::TooManyGroups) } else { Ok(()) }
    }
}

/// The object of a group's columns, of the JSON text of the value of each of them.
fn key<'a>(spec: &TotalsSpec, table: &Table, value: impl Fn(usize) -> Option<&'a str>) -> Result<GroupKey, Unreadable> {
    let mut object = String::from("{");
    for (place, column) in spec.group.iter().enumerate() {
        if place > 0 {
            object.push(',');
        }
        object.push_str(&serde_json::to_string(&table.columns[*column].name).expect("a string"));
        object.push(':');
        object.push_str(value(place).ok_or(Unreadable)?);
    }
    object.push('}');
    Ok(object.into())
}
