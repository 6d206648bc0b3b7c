//! The totals of one group.

use super::{Need, TotalsSpec, ViewError, ends::Ends, sum::Sum};
use crate::hub::{Row, Table, Unreadable};
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub count: u64,
    /// In the order of [`TotalsSpec::numbers`].
    pub sums: Box<[Sum]>,
    /// In the order of [`TotalsSpec::ends`].
    pub ends: Box<[Ends]>,
}

impl Group {
    /// Of no rows.
    pub fn empty(spec: &TotalsSpec, table: &Table) -> Self {
        let sums = spec.numbers().into_iter().map(|column| Sum::empty(&table.columns[column].kind)).collect();
        Self { count: 0, sums, ends: spec.ends().map(|_| Ends::default()).collect() }
    }

    /// A row comes or goes.
    pub fn change(
        &mut self,
        spec: &TotalsSpec,
        table: &Table,
        row: &Row,
        enters: bool,
        most_ends: usize,
    ) -> Result<(), ViewError> {
        self.count = super::sum::step(self.count, enters)?;
        for (sum, column) in self.sums.iter_mut().zip(spec.numbers()) {
            sum.change(row.value(column).ok_or(Unreadable)?, enters)?;
        }
        for (ends, (column, order)) in self.ends.iter_mut().zip(spec.ends()) {
            let json = row.value(column).ok_or(Unreadable)?;
            ends.change(&table.columns[column], order, json, enters, most_ends)?;
        }
        Ok(())
    }

    pub fn need(&self, most_ends: usize) -> Need {
        self.ends.iter().map(|ends| ends.need(most_ends)).max().unwrap_or_default()
    }

    /// The row of the output; `None` if it is not known.
    pub fn output(&self, spec: &TotalsSpec, table: &Table, group: &str) -> Option<Arc<RawValue>> {
        let name = |column: &usize| serde_json::to_string(&table.columns[*column].name).expect("a string");
        let object = |members: Vec<String>| format!("{{{}}}", members.join(","));
        let numbers = spec.numbers();
        let of = |columns: &[usize], json: fn(&Sum) -> String| {
            let sum = |column: &usize| {
                let place = numbers.iter().position(|number| number == column).expect("sums of them are kept");
                format!("{}:{}", name(column), json(&self.sums[place]))
            };
            object(columns.iter().map(sum).collect())
        };
        let first = |columns: &[usize], ends: &[Ends]| {
            let members =
                columns.iter().zip(ends).map(|(column, ends)| Some(format!("{}:{}", name(column), ends.first()?)));
            members.collect::<Option<Vec<_>>>().map(object)
        };
        let (smallest, largest) = self.ends.split_at(spec.min.len());
        let mut members = vec![format!("\"group\":{group}")];
        if spec.count {
            members.push(format!("\"count\":{}", self.count));
        }
        if !spec.sum.is_empty() {
            members.push(format!("\"sum\":{}", of(&spec.sum, Sum::json)));
        }
        if !spec.min.is_empty() {
            members.push(format!("\"min\":{}", first(&spec.min, smallest)?));
        }
        if !spec.max.is_empty() {
            members.push(format!("\"max\":{}", first(&spec.max, largest)?));
        }
        if !spec.avg.is_empty() {
            members.push(format!("\"avg\":{}", of(&spec.avg, Sum::average_json)));
        }
        let row = RawValue::from_string(object(members)).expect("it is made of JSON");
        Some(Arc::from(row))
    }
}
