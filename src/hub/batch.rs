//! Changes as they come from a source.

use crate::protocol::Position;
use serde_json::value::RawValue;
use std::sync::Arc;

/// A source's number for a tracked table.
pub type TableId = i32;

/// A row as JSON text, exactly as the source wrote it.
pub type Image = Arc<RawValue>;

/// What happened to one row, or to all.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The row is new.
    Insert {
        /// The row.
        new: Image,
    },
    /// The row changed; its key may have changed too.
    Update {
        /// The row before.
        old: Image,
        /// The row after.
        new: Image,
    },
    /// The row is gone.
    Delete {
        /// The row before.
        old: Image,
    },
    /// All rows are gone.
    Truncate,
    /// Rows changed in bulk: the table must be read anew.
    Reload,
}

/// One change of one row.
#[derive(Clone, Debug)]
pub struct RowChange {
    /// Of which table.
    pub table: TableId,
    /// The source's number of the transaction that made it.
    pub transaction: u64,
    /// What happened.
    pub operation: Operation,
}

impl RowChange {
    /// Bytes of row text held.
    pub fn bytes(&self) -> usize {
        match &self.operation {
            Operation::Insert { new } => new.get().len(),
            Operation::Update { old, new } => old.get().len() + new.get().len(),
            Operation::Delete { old } => old.get().len(),
            Operation::Truncate | Operation::Reload => 0,
        }
    }
}

/// Everything that was committed between the position before and `position`, in an order in which the changes of each
/// row are in commit order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where the source stands after this batch.
    pub position: Position,
    /// What changed. Empty if only the position moved.
    pub changes: Vec<RowChange>,
}
