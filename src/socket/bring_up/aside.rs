//! What waits for something that may take long, while everything else goes on without it: windows and totals for the hub to fill
//! them, rows for those who have locked their table.

use super::{super::limits, Want};
use crate::{
    changelog::{Error, Source},
    hub::{Definition, Hub, QueryId, Session, TableId},
    socket::Shared,
};
use futures::future::{pending, select_all};
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::{JoinError, JoinSet};

pub(super) struct Aside<S> {
    session: Arc<Session>,
    source: Arc<Shared<S>>,
    wants: Vec<(Want, Until)>,
    /// Locked tables. For each of them somebody looks whether it can be read by now.
    locked: BTreeSet<TableId>,
    looks: JoinSet<TableId>,
}

/// What it waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The hub has filled the window or totals.
    Filled,
    /// The table can be read.
    Unlocked,
}

impl<S: Source> Aside<S> {
    pub(super) fn new(session: Arc<Session>, source: Arc<Shared<S>>) -> Self {
        Self { session, source, wants: Vec::new(), locked: BTreeSet::new(), looks: JoinSet::new() }
    }

    pub(super) fn put(&mut self, want: Want, until: Until) {
        let session = &self.session;
        self.wants.retain(|(other, _)| other.query != want.query && session.holds(other.query, other.ticket));
        let table = want.definition.table.id;
        if until == Until::Unlocked && self.locked.insert(table) {
            let (hub, source) = (session.hub().clone(), self.source.clone());
            let (query, definition) = (want.query, want.definition.clone());
            self.looks.spawn(async move {
                look(&hub, &source, query, &definition).await;
                table
            });
        }
        self.wants.push((want, until));
    }

    /// Whether a table was locked when somebody last looked.
    pub(super) fn is_locked(&self, table: TableId) -> bool {
        self.locked.contains(&table)
    }

    /// What need not wait any more, as soon as there is something. Nothing is lost if this is dropped before.
    pub(super) async fn next(&mut self) -> Vec<Want> {
        let looked = {
            let hub = self.session.hub();
            let unfilled = self.wants.iter().filter(|(_, until)| *until == Until::Filled);
            let filled: Vec<_> = unfilled.map(|(want, _)| Box::pin(hub.filled(want.query))).collect();
            tokio::select! {
                () = any(filled) => None,
                Some(looked) = self.looks.join_next() => Some(looked),
            }
        };
        self.note(looked);
        self.ready()
    }

    /// What need not wait any more.
    pub(super) fn ready(&mut self) -> Vec<Want> {
        while let Some(looked) = self.looks.try_join_next() {
            self.note(Some(looked));
        }
        let (hub, locked) = (self.session.hub(), &self.locked);
        let is_ready = |(want, until): &mut (Want, Until)| match until {
            Until::Filled => hub.is_filled(want.query),
            Until::Unlocked => !locked.contains(&want.definition.table.id),
        };
        self.wants.extract_if(.., is_ready).map(|(want, _)| want).collect()
    }

    fn note(&mut self, looked: Option<Result<TableId, JoinError>>) {
        match looked {
            Some(Ok(table)) => drop(self.locked.remove(&table)),
            // It cannot be said which one it was.
            Some(Err(_)) => self.locked.clear(),
            None => {}
        }
    }
}

/// Resolves with the first of these, if there are any.
async fn any(futures: Vec<impl Future<Output = ()> + Unpin>) {
    if futures.is_empty() {
        return pending().await;
    }
    select_all(futures).await;
}

/// Returns when a table can be read, or it is seen that this is not what keeps it from being read, or nobody wants it any more.
async fn look<S: Source>(hub: &Hub, source: &Shared<S>, query: QueryId, definition: &Definition) {
    let mut retry = limits::RETRY.0;
    loop {
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(limits::RETRY.1);
        // What is read is kept for those who wait for it.
        let is_locked = || async {
            source.snapshot(query, definition, None).await.is_err_and(|error| matches!(*error, Error::Locked))
        };
        if !hub.wants(query) || !is_locked().await {
            return;
        }
    }
}
