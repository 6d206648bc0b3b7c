//! What leads from a position to the hub's, folded once for all who come from there.
//!
//! An answer is of use as long as the hub knows what came after it, however often it has published since.

use super::{Memory, flights::Flights};
use crate::{
    hub::{Folded, Hub, Missing, NotFolded, QueryId},
    protocol::Token,
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// So many are folded at the same time; each may hold what a catch-up may read.
const AT_ONCE: usize = 2;
/// More changes than that are folded beside the threads that serve everybody.
const MAX_BRIEF: usize = 2_000;

/// Why there is nothing to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::socket) enum NoFold {
    /// See there.
    Hub(NotFolded),
    /// There is no memory left for it.
    NoRoom,
}

#[derive(Debug)]
pub(super) struct Folds {
    flights: Arc<Flights<(QueryId, String), Folded, NoFold>>,
    places: Semaphore,
}

impl Folds {
    pub(super) fn new() -> Self {
        Self { flights: Arc::default(), places: Semaphore::new(AT_ONCE) }
    }

    /// What leads from `from`, which is where the changes of `missing` begin, to the hub.
    pub(super) async fn fold(
        &self,
        hub: &Arc<Hub>,
        memory: &Memory,
        from: &Token,
        missing: &Missing,
    ) -> Result<Folded, NoFold> {
        let key = (missing.query, from.to_string());
        let work = || self.work(hub, memory, missing);
        self.flights.take(key, work, |folded| hub.covers(&folded.to)).await
    }

    async fn work(&self, hub: &Arc<Hub>, memory: &Memory, missing: &Missing) -> Result<Folded, NoFold> {
        let _place = self.places.acquire().await.expect("it is never closed");
        let folded = if missing.replay.len() <= MAX_BRIEF {
            hub.fold(missing)
        } else {
            let (hub, missing) = (hub.clone(), missing.clone());
            let folded = tokio::task::spawn_blocking(move || hub.fold(&missing)).await;
            folded.expect("it does not panic, and nobody ends it")
        };
        let Folded { frames, to } = folded.map_err(NoFold::Hub)?;
        let frames = memory.hold(frames.iter().cloned()).ok_or(NoFold::NoRoom)?;
        Ok(Folded { frames, to })
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }
}
