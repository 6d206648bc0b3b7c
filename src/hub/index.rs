//! Which queries a row may concern: those that ask for `column = value` are found by the value, at the cost of one look-up
//! however many there are.

use super::{Definition, QueryId, Row, Scalar, Table, scalar};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The queries of one table.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Concerned by every row, as far as is known here.
    rest: BTreeSet<QueryId>,
    /// By column and value.
    equal: BTreeMap<usize, HashMap<Scalar, BTreeSet<QueryId>>>,
    count: usize,
}

impl Index {
    pub(super) fn insert(&mut self, query: QueryId, definition: &Definition) {
        self.count += 1;
        match equalities(definition) {
            Some((column, values)) => {
                let by_value = self.equal.entry(*column).or_default();
                for value in values {
                    by_value.entry(value.clone()).or_default().insert(query);
                }
            }
            None => drop(self.rest.insert(query)),
        }
    }

    pub(super) fn remove(&mut self, query: QueryId, definition: &Definition) {
        self.count -= 1;
        let Some((column, values)) = equalities(definition) else {
            self.rest.remove(&query);
            return;
        };
        let Some(by_value) = self.equal.get_mut(column) else { return };
        for value in values {
            if let Some(queries) = by_value.get_mut(value) {
                queries.remove(&query);
                if queries.is_empty() {
                    by_value.remove(value);
                }
            }
        }
        if by_value.is_empty() {
            self.equal.remove(column);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Every query of the table.
    pub(super) fn all(&self) -> BTreeSet<QueryId> {
        let equal = self.equal.values().flat_map(HashMap::values).flatten();
        self.rest.iter().chain(equal).copied().collect()
    }

    /// The queries that may have something to do with a row.
    pub(super) fn candidates(&self, table: &Table, row: &Row, found: &mut BTreeSet<QueryId>) {
        found.extend(&self.rest);
        for (column, by_value) in &self.equal {
            let Some(kind) = table.columns.get(*column).map(|column| &column.kind) else { continue };
            let value = row.value(*column).and_then(|json| scalar(kind, json));
            if let Some(queries) = value.and_then(|value| by_value.get(&value)) {
                found.extend(queries);
            }
        }
    }
}

fn equalities(definition: &Definition) -> Option<&(usize, Vec<Scalar>)> {
    definition.filter.as_ref()?.equalities()
}
