//! Snapshots that are too large to be kept: read once for all who ask for one together, and sent as they are read.
//!
//! Whoever asks while a read waits for its place among those that may be open rides along; whoever comes later waits for
//! the next one. A read goes at the pace of its slowest rider, within limits: one that takes nothing for [`limits::STREAM_PATIENCE`], or with
//! which the read would fall behind [`limits::STREAM_SLOWEST`], is left behind. So a read holds a connection, and old row versions in
//! the database, for a known time, whoever its riders are.

use super::{super::limits, lock};
use crate::{
    changelog::{Error, Haste, Rows, Source},
    hub::{Chunks, Definition, Frame, QueryId},
    protocol::Token,
};
use futures::TryStreamExt;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::{Instant, timeout_at},
};

/// What a rider gets. If it ends before the last frame, the rider was left behind.
pub(in crate::socket) enum Piece {
    Frame(Frame),
    Last { base: Token, frame: Frame },
    Failed(Arc<Error>),
}

/// Reads that wait for their place, with those who ride along.
#[derive(Debug, Default)]
pub(super) struct Convoys {
    waiting: Mutex<HashMap<QueryId, Vec<Sender<Piece>>>>,
}

impl Convoys {
    /// Rides along with the next read of a query; `source` is read for it.
    pub(super) fn join<S: Source>(
        self: &Arc<Self>,
        source: &Arc<S>,
        query: QueryId,
        definition: &Arc<Definition>,
    ) -> Receiver<Piece> {
        let (sender, receiver) = mpsc::channel(limits::STREAM_WINDOW);
        let mut waiting = lock(&self.waiting);
        let riders = waiting.entry(query).or_default();
        riders.push(sender);
        if riders.len() == 1 {
            let (convoys, source, definition) = (self.clone(), source.clone(), definition.clone());
            tokio::spawn(async move { convoys.run(&*source, query, &definition).await });
        }
        receiver
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.waiting).is_empty()
    }

    async fn run<S: Source>(&self, source: &S, query: QueryId, definition: &Definition) {
        let opened = source.snapshot(&definition.table, Haste::Streamed).await;
        // From here on whoever asks needs a newer one.
        let riders = lock(&self.waiting).remove(&query).unwrap_or_default();
        let mut convoy = Convoy { riders, bytes: 0, started: Instant::now() };
        let outcome = match opened {
            Ok((base, snapshot)) => convoy.carry(query, definition, base, snapshot).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            let error = Arc::new(error);
            convoy.send(|| Piece::Failed(error.clone())).await;
        }
    }
}

struct Convoy {
    riders: Vec<Sender<Piece>>,
    /// Sent to each that is still there.
    bytes: u64,
    started: Instant,
}

impl Convoy {
    async fn carry(
        &mut self,
        query: QueryId,
        definition: &Definition,
        base: Token,
        mut snapshot: impl Rows,
    ) -> Result<(), Error> {
        let mut chunks = Chunks::new(query);
        let mut rows = snapshot.rows(definition);
        while let Some(row) = rows.try_next().await? {
            if let Some(frame) = chunks.push(row) {
                self.bytes += frame.bytes().len() as u64;
                self.send(|| Piece::Frame(frame.clone())).await;
                if self.riders.is_empty() {
                    return Ok(());
                }
            }
        }
        let frame = chunks.last();
        self.send(|| Piece::Last { base: base.clone(), frame: frame.clone() }).await;
        Ok(())
    }

    /// Gives a piece to each rider that has room for it in time.
    async fn send(&mut self, piece: impl Fn() -> Piece) {
        let pace = Duration::from_millis(self.bytes * 1000 / limits::STREAM_SLOWEST);
        let deadline = (self.started + pace + limits::STREAM_GRACE).min(Instant::now() + limits::STREAM_PATIENCE);
        let mut kept = Vec::with_capacity(self.riders.len());
        for rider in std::mem::take(&mut self.riders) {
            // The others are left behind, or gone.
            if let Ok(Ok(room)) = timeout_at(deadline, rider.reserve_owned()).await {
                kept.push(room.send(piece()));
            }
        }
        self.riders = kept;
    }
}
