//! What leads from one position to the hub's, folded into net changes and encoded without holding the hub's lock: when
//! there is much of it, nobody else may wait for that.
//!
//! An answer leads to where the hub stood when it was asked. It stays true when the hub moves on: whoever takes it goes on
//! from there.

use super::{Entry, Hub, QueryId, State, live::Missed};
use crate::{
    hub::{Batch, Definition, Frame, Replay, RowChange, Shown, frames, net},
    protocol::{Position, Token},
};
use std::sync::Arc;

/// From where on, and by which changes.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Of this query.
    pub query: QueryId,
    /// What was read of the source.
    pub replay: Replay,
    /// Where that leads. From there on the hub knows.
    pub base: Token,
}

/// Net changes in frames, none of which commits, and where they lead.
#[derive(Clone, Debug)]
pub struct Folded {
    /// In order.
    pub frames: Arc<[Frame]>,
    /// Where the hub stood.
    pub to: Token,
}

/// Why there is nothing to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFolded {
    /// The hub no longer knows what came after the base.
    Behind,
    /// The rows changed in bulk: they must be read anew.
    Reload,
    /// A row cannot be read. The hub ends such a query when somebody is to become live.
    Unreadable,
}

impl Hub {
    /// Folds what is missing, up to where the hub stands.
    ///
    /// # Errors
    /// See [`NotFolded`].
    pub fn fold(&self, missing: &Missing) -> Result<Folded, NotFolded> {
        let (definition, batches, to) = self.lock().since(missing.query, &missing.base).ok_or(NotFolded::Behind)?;
        let ring = batches.iter().flat_map(|batch| unseen(batch, &missing.base.position));
        let shown = shown(&definition, missing.replay.iter().chain(ring)).map_err(|missed| match missed {
            Missed::Reload => NotFolded::Reload,
            Missed::Unreadable => NotFolded::Unreadable,
        })?;
        Ok(Folded { frames: frames::changes(missing.query, &shown).into(), to })
    }
}

impl State {
    fn since(&self, query: QueryId, base: &Token) -> Option<(Arc<Definition>, Vec<Arc<Batch>>, Token)> {
        let Entry { definition, .. } = self.queries.get(&query)?;
        let known =
            base.epoch == self.epoch && self.position.reaches(&base.position) && self.ring.covers(&base.position);
        known.then(|| (definition.clone(), self.ring.batches_after(&base.position).cloned().collect(), self.token()))
    }
}

/// The changes of a batch that a position does not include.
fn unseen<'a>(batch: &'a Batch, position: &'a Position) -> impl Iterator<Item = &'a RowChange> {
    batch.changes.iter().filter(|change| !position.includes(change.transaction))
}

/// What changes come to for those who ask.
pub(super) fn shown<'a>(
    definition: &Definition,
    changes: impl IntoIterator<Item = &'a RowChange>,
) -> Result<Vec<Shown>, Missed> {
    let missed = net(&definition.table, changes).map_err(|_| Missed::Unreadable)?;
    if missed.must_reload() {
        return Err(Missed::Reload);
    }
    let truncated = missed.truncated();
    let rows = missed.rows().filter_map(|touched| definition.shown(touched, truncated));
    Ok(truncated.then_some(Shown::Truncate).into_iter().chain(rows).collect())
}
