//! Reads what windows and totals are made of, whenever the hub asks for it.

use super::{Shared, limits};
use crate::{
    changelog::{Error, Haste, Rows, Source},
    hub::{Definition, Filled, Hub, QueryId},
    protocol::{ErrorCode, Token},
};
use futures::TryStreamExt;
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Windows and totals that are read at the same time.
const MAX_READS: usize = 4;
/// Times that a read was of no use before its query is given up.
const MAX_STALE: u32 = 20;

/// Fills windows and totals until `stop` is cancelled.
pub async fn run<S: Source>(hub: Arc<Hub>, source: Arc<Shared<S>>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_READS));
    let mut reads = JoinSet::new();
    loop {
        let (query, definition) = tokio::select! {
            () = stop.cancelled() => return,
            next = hub.next_fill() => next,
        };
        while reads.try_join_next().is_some() {}
        let (hub, source, places) = (hub.clone(), source.clone(), places.clone());
        reads.spawn(async move { fill(&hub, source.source(), &places, query, &definition).await });
    }
}

async fn fill<S: Source>(hub: &Hub, source: &S, places: &Semaphore, query: QueryId, definition: &Definition) {
    let mut retry = limits::RETRY.0;
    let mut stale = 0;
    let mut altered = 0;
    while hub.wants(query) {
        // Given back between two tries: whoever waits for one table keeps nobody from another.
        let place = places.acquire().await;
        match read(source, definition).await {
            Ok((base, rows)) => {
                if settle(hub, query, &base, rows).await {
                    return;
                }
                stale += 1;
                if stale > MAX_STALE {
                    hub.cannot_fill(query, ErrorCode::UnreadableTable, "the table changes faster than it can be read");
                    return;
                }
            }
            Err(error) if error.is_unavailable() => tracing::debug!(%error, "a window or totals wait for the database"),
            // Once the hub has heard of it, nobody wants this query any more.
            Err(Error::Outdated(token)) => hub.reach(&token).await,
            Err(error) if error.is_altered() && altered < limits::MAX_ALTERED => altered += 1,
            Err(error) => {
                let table = definition.table.full_name();
                tracing::warn!(%error, table, "a window or totals cannot be read");
                hub.cannot_fill(query, ErrorCode::UnreadableTable, &format!("{table} cannot be read by the server"));
                return;
            }
        }
        drop(place);
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(limits::RETRY.1);
    }
}

async fn read<S: Source>(source: &S, definition: &Definition) -> Result<(Token, Vec<Box<RawValue>>), Error> {
    let (base, mut snapshot) = source.snapshot(&definition.table, Haste::Kept).await?;
    let rows = snapshot.rows(definition).try_collect().await?;
    Ok((base, rows))
}

/// Whether what was read was of use.
async fn settle(hub: &Hub, query: QueryId, base: &Token, mut rows: Vec<Box<RawValue>>) -> bool {
    loop {
        match hub.fill(query, base, rows) {
            Filled::Done => return true,
            Filled::Stale => return false,
            Filled::Ahead(same) => {
                rows = same;
                hub.reach(base).await;
            }
        }
    }
}
