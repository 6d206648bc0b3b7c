//! Which tables there are, by number and by name.

use super::{Column, Policy, TableId};
use std::{collections::HashMap, sync::Arc};

/// A tracked table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The source's number for it.
    pub id: TableId,
    /// Its schema.
    pub schema: String,
    /// Its name within the schema.
    pub name: String,
    /// Columns of the primary key. None: it lost its primary key, or got a column that no change has.
    pub key: Vec<String>,
    /// Its columns, in the order of the row's text. Changes of a partition's rows may have them in another order.
    pub columns: Vec<Column>,
    /// Whether its rows are in partitions.
    pub partitioned: bool,
    /// The transaction that began tracking, or gave the table its shape or its policies.
    pub since: u64,
    /// What each role may read of it. Those that are not here may read nothing.
    pub policies: Vec<Policy>,
}

impl Table {
    /// `schema.table`, as people and clients write it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// The place of a column, unless it is hidden.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name && !column.hidden)
    }

    /// The names of the columns that are not hidden.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| !column.hidden).map(|column| column.name.as_str())
    }

    /// A table without columns, keys and policies, to be completed.
    pub fn named(id: TableId, schema: &str, name: &str) -> Self {
        Self {
            id,
            schema: schema.to_owned(),
            name: name.to_owned(),
            key: Vec::new(),
            columns: Vec::new(),
            partitioned: false,
            since: 0,
            policies: Vec::new(),
        }
    }
}

/// The tracked tables as of the hub's position.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: HashMap<TableId, Arc<Table>>,
}

impl Catalog {
    /// By number.
    pub fn get(&self, id: TableId) -> Option<&Arc<Table>> {
        self.tables.get(&id)
    }

    /// By `schema.table`, or `table` alone for the schema `public`. The names are compared as they are, without quotes
    /// or case folding; of two tables that are spelled the same, such as `"a.b"."c"` and `"a"."b.c"`, neither is found.
    pub fn find(&self, name: &str) -> Option<&Arc<Table>> {
        let full = if name.contains('.') { name.to_owned() } else { format!("public.{name}") };
        let dotted = format!("public.{name}");
        let mut found = self.tables.values().filter(|table| table.full_name() == full || table.full_name() == dotted);
        found.next().filter(|_| found.next().is_none())
    }

    /// All tables, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// Adds or replaces a table.
    pub fn insert(&mut self, table: Table) {
        self.tables.insert(table.id, Arc::new(table));
    }

    /// Forgets a table.
    pub fn remove(&mut self, id: TableId) -> Option<Arc<Table>> {
        self.tables.remove(&id)
    }
}

impl FromIterator<Table> for Catalog {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        Self { tables: tables.into_iter().map(|table| (table.id, Arc::new(table))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(id: TableId, schema: &str, name: &str) -> Table {
        Table { key: vec!["id".to_owned()], ..Table::named(id, schema, name) }
    }

    #[test]
    fn tables_are_found_by_full_name_and_those_in_public_by_name_alone() {
        let catalog: Catalog =
            [table(1, "public", "a"), table(2, "shop", "a"), table(3, "public", "x.y"), table(4, "shop", "Ünï \"q\"")]
                .into_iter()
                .collect();
        let id = |name| catalog.find(name).map(|table| table.id);
        assert_eq!(
            [id("a"), id("public.a"), id("shop.a"), id("x.y"), id("shop.Ünï \"q\"")],
            [Some(1), Some(1), Some(2), Some(3), Some(4)]
        );
        assert_eq!([id("A"), id("b"), id(""), id("."), id("shop")], [None; 5]);
    }

    #[test]
    fn a_name_that_means_two_tables_means_neither() {
        let catalog: Catalog = [table(1, "a", "b"), table(2, "public", "a.b")].into_iter().collect();
        assert_eq!(catalog.find("a.b"), None);
        assert_eq!(catalog.find("public.a.b").map(|table| table.id), Some(2));
    }
}
