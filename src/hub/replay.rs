//! Changes that were read once for many readers, as one of them has yet to see them.

use super::RowChange;
use crate::protocol::Position;
use std::sync::Arc;

/// Changes in order, shared with others who read them from another position.
#[derive(Clone, Debug, Default)]
pub struct Replay(Vec<Part>);

#[derive(Clone, Debug)]
struct Part {
    from: Position,
    changes: Arc<[RowChange]>,
}

impl Replay {
    /// Adds the changes that `from` does not include. There may be others among them.
    pub fn push(&mut self, from: Position, changes: Arc<[RowChange]>) {
        if !changes.is_empty() {
            self.0.push(Part { from, changes });
        }
    }

    /// How many there are, those that are not for this reader included.
    pub fn len(&self) -> usize {
        self.0.iter().map(|part| part.changes.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes that the reader has not seen, in order.
    pub fn iter(&self) -> impl Iterator<Item = &RowChange> {
        self.0.iter().flat_map(|part| part.changes.iter().filter(|change| !part.from.includes(change.transaction)))
    }
}
