//! A database in miniature: tables of rows `{"id":…,"v":…}`, concurrent transactions with row locks, a changelog.
//!
//! It writes what Postgres writes: changes numbered when they are made and visible when they are committed, keys that
//! pass from row to row within one statement, rows whose text changes because a column was added.

use crate::{
    hub::{Batch, Column, Image, Kind, Operation, Policy, RowChange, Table, TableId},
    protocol::{Epoch, Position, Role, Token},
};
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Tables of the model.
pub(crate) const TABLES: usize = 2;
/// Transactions that may be open at the same time.
pub(crate) const SLOTS: usize = 3;
/// Keys that a table may have.
const KEYS: i64 = 5;

/// The rows of one table, by key.
pub(crate) type Rows = BTreeMap<i64, u64>;

/// One statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Statement {
    Insert(i64),
    Update(i64),
    Delete(i64),
    /// `update … set id = b where id = a`.
    Rekey(i64, i64),
    /// `update … set id = case id when a then b else a end where id in (a, b)`: both keys exist all the time.
    Swap(i64, i64),
    Truncate,
}

/// One step of a history.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// In the transaction of a slot, which it opens if need be.
    Do {
        slot: usize,
        table: usize,
        statement: Statement,
    },
    Commit(usize),
    RollBack(usize),
    /// A transaction of its own.
    Once {
        table: usize,
        statement: Statement,
    },
    /// Every row reads differently from now on, without a change of its own.
    AddColumn(usize),
}

pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    let key = || 0..KEYS;
    prop_oneof![
        4 => key().prop_map(Statement::Insert),
        4 => key().prop_map(Statement::Update),
        4 => key().prop_map(Statement::Delete),
        2 => (key(), key()).prop_map(|(a, b)| Statement::Rekey(a, b)),
        2 => (key(), key()).prop_map(|(a, b)| Statement::Swap(a, b)),
        1 => Just(Statement::Truncate),
    ]
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..SLOTS, 0..TABLES, statement()).prop_map(|(slot, table, statement)| Act::Do { slot, table, statement }),
        6 => (0..TABLES, statement()).prop_map(|(table, statement)| Act::Once { table, statement }),
        3 => (0..SLOTS).prop_map(Act::Commit),
        1 => (0..SLOTS).prop_map(Act::RollBack),
        1 => (0..TABLES).prop_map(Act::AddColumn),
    ]
}

#[derive(Clone, Debug)]
enum Effect {
    Put(usize, i64, u64),
    Remove(usize, i64),
    Clear(usize),
}

#[derive(Clone, Debug)]
struct Transaction {
    number: u64,
    effects: Vec<Effect>,
    changes: Vec<(u64, RowChange)>,
    rows: BTreeSet<(usize, i64)>,
    whole: BTreeSet<usize>,
}

/// The database.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) epoch: Epoch,
    next: u64,
    sequence: u64,
    value: u64,
    columns: [u32; TABLES],
    open: BTreeMap<usize, Transaction>,
    /// In commit order.
    committed: Vec<Transaction>,
    tables: [Table; TABLES],
    /// Positions below are pruned.
    pub(crate) horizon: u64,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Epoch(1),
            next: 10,
            sequence: 0,
            value: 0,
            columns: [0; TABLES],
            open: BTreeMap::new(),
            committed: Vec::new(),
            tables: [table(1, "a", 0), table(2, "b", 0)],
            horizon: 0,
        }
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table is forgotten and tracked anew, under another number.
    pub(crate) fn track_anew(&mut self, index: usize) -> (TableId, Table) {
        let old = self.tables[index].id;
        self.next += 1;
        self.tables[index] = table(old + 10, &self.tables[index].name.clone(), self.next - 1);
        (old, self.tables[index].clone())
    }

    /// The table has one more column from now on, and its catalog entry says so.
    pub(crate) fn alter(&mut self, index: usize) -> Table {
        self.next += 1;
        let since = self.next - 1;
        let name = format!("c{}", self.columns[index]);
        self.columns[index] += 1;
        let table = &mut self.tables[index];
        table.columns.push(Column::new(&name, "text", Kind::Text));
        table.since = since;
        table.clone()
    }

    /// Every row gets another value, which is told as one bulk change.
    pub(crate) fn bulk(&mut self, index: usize) {
        if self.open.values().any(|other| other.touches(index)) {
            return;
        }
        let mut own = self.begin();
        self.value += 1;
        own.effects.extend(self.rows(index).keys().map(|key| Effect::Put(index, *key, self.value)));
        self.sequence += 1;
        let (table, transaction) = (self.tables[index].id, own.number);
        own.changes.push((self.sequence, RowChange { table, transaction, operation: Operation::Reload }));
        self.committed.push(own);
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(self.next, self.open.values().map(|transaction| transaction.number))
    }

    pub(crate) fn token(&self) -> Token {
        Token { epoch: self.epoch, position: self.position() }
    }

    /// Everything that was committed since `from`, as the changelog tells it.
    pub(crate) fn batch_after(&self, from: &Position) -> Batch {
        let mut changes: Vec<&(u64, RowChange)> = self
            .committed
            .iter()
            .filter(|transaction| !from.includes(transaction.number))
            .flat_map(|transaction| &transaction.changes)
            .collect();
        changes.sort_by_key(|(sequence, _)| *sequence);
        Batch { position: self.position(), changes: changes.into_iter().map(|(_, change)| change.clone()).collect() }
    }

    /// The rows of a table as of a position.
    pub(crate) fn rows_at(&self, table: usize, position: &Position) -> Rows {
        let mut rows = Rows::new();
        for transaction in self.committed.iter().filter(|transaction| position.includes(transaction.number)) {
            apply(&mut rows, table, &transaction.effects);
        }
        rows
    }

    pub(crate) fn rows(&self, table: usize) -> Rows {
        self.rows_at(table, &self.position())
    }

    /// The text of each row now.
    pub(crate) fn row_texts(&self, table: usize) -> Vec<Box<RawValue>> {
        let text = |(id, v)| RawValue::from_string(self.text(table, id, v)).expect("JSON");
        self.rows(table).into_iter().map(text).collect()
    }

    /// Takes a step, if it is possible: a statement that would wait for a lock, or change nothing, is passed over.
    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Do { slot, table, statement } => {
                let mut transaction = self.open.remove(&slot).unwrap_or_else(|| self.begin());
                self.run(&mut transaction, table, statement);
                self.open.insert(slot, transaction);
            }
            Act::Commit(slot) => self.committed.extend(self.open.remove(&slot)),
            Act::RollBack(slot) => drop(self.open.remove(&slot)),
            Act::Once { table, statement } => {
                let mut transaction = self.begin();
                self.run(&mut transaction, table, statement);
                self.committed.push(transaction);
            }
            // Needs the table for itself.
            Act::AddColumn(table) => {
                if self.open.values().all(|other| !other.touches(table)) {
                    self.columns[table] += 1;
                }
            }
        }
    }

    /// Commits what is open.
    pub(crate) fn commit_all(&mut self) {
        (0..SLOTS).for_each(|slot| self.act(Act::Commit(slot)));
    }

    fn begin(&mut self) -> Transaction {
        self.next += 1;
        Transaction {
            number: self.next - 1,
            effects: Vec::new(),
            changes: Vec::new(),
            rows: BTreeSet::new(),
            whole: BTreeSet::new(),
        }
    }

    fn run(&mut self, own: &mut Transaction, table: usize, statement: Statement) {
        let mut rows = self.rows(table);
        apply(&mut rows, table, &own.effects);
        let touched: Vec<i64> = match statement {
            Statement::Insert(a) | Statement::Update(a) | Statement::Delete(a) => vec![a],
            Statement::Rekey(a, b) | Statement::Swap(a, b) => vec![a, b],
            Statement::Truncate => Vec::new(),
        };
        let blocked = self.open.values().any(|other| {
            other.whole.contains(&table)
                || touched.iter().any(|key| other.rows.contains(&(table, *key)))
                || matches!(statement, Statement::Truncate) && other.touches(table)
        });
        if blocked {
            return;
        }
        let value = self.value + 1;
        let image =
            |id: i64, v: u64| -> Image { Arc::from(RawValue::from_string(self.text(table, id, v)).expect("JSON")) };
        let mut operations = Vec::new();
        let mut effects = Vec::new();
        match statement {
            Statement::Insert(a) if !rows.contains_key(&a) => {
                effects.push(Effect::Put(table, a, value));
                operations.push(Operation::Insert { new: image(a, value) });
            }
            Statement::Update(a) if let Some(v) = rows.get(&a) => {
                effects.push(Effect::Put(table, a, value));
                operations.push(Operation::Update { old: image(a, *v), new: image(a, value) });
            }
            Statement::Delete(a) if let Some(v) = rows.get(&a) => {
                effects.push(Effect::Remove(table, a));
                operations.push(Operation::Delete { old: image(a, *v) });
            }
            Statement::Rekey(a, b)
                if !rows.contains_key(&b)
                    && let Some(v) = rows.get(&a) =>
            {
                effects.extend([Effect::Remove(table, a), Effect::Put(table, b, *v)]);
                operations.push(Operation::Update { old: image(a, *v), new: image(b, *v) });
            }
            Statement::Swap(a, b)
                if a != b
                    && let (Some(v), Some(w)) = (rows.get(&a), rows.get(&b)) =>
            {
                effects.extend([Effect::Put(table, b, *v), Effect::Put(table, a, *w)]);
                operations.push(Operation::Update { old: image(a, *v), new: image(b, *v) });
                operations.push(Operation::Update { old: image(b, *w), new: image(a, *w) });
            }
            Statement::Truncate => {
                effects.push(Effect::Clear(table));
                operations.push(Operation::Truncate);
                own.whole.insert(table);
            }
            _ => return,
        }
        self.value = value;
        own.rows.extend(touched.into_iter().map(|key| (table, key)));
        own.effects.extend(effects);
        for operation in operations {
            self.sequence += 1;
            let change = RowChange { table: self.tables[table].id, transaction: own.number, operation };
            own.changes.push((self.sequence, change));
        }
    }

    fn text(&self, table: usize, id: i64, v: u64) -> String {
        let added: String = (0..self.columns[table]).map(|column| format!(r#","c{column}":null"#)).collect();
        format!(r#"{{"id":{id},"v":{v}{added}}}"#)
    }
}

impl Transaction {
    fn touches(&self, table: usize) -> bool {
        self.whole.contains(&table) || self.rows.iter().any(|(of, _)| *of == table)
    }
}

fn table(id: TableId, name: &str, since: u64) -> Table {
    let columns = vec![Column::new("id", "bigint", Kind::Int8), Column::new("v", "bigint", Kind::Int8)];
    Table {
        id,
        schema: "public".to_owned(),
        name: name.to_owned(),
        key: vec!["id".to_owned()],
        columns,
        partitioned: false,
        policies: vec![Policy::all(Role::Anonymous)],
        since,
    }
}

fn apply(rows: &mut Rows, table: usize, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Put(of, key, value) if *of == table => drop(rows.insert(*key, *value)),
            Effect::Remove(of, key) if *of == table => drop(rows.remove(key)),
            Effect::Clear(of) if *of == table => rows.clear(),
            _ => {}
        }
    }
}
