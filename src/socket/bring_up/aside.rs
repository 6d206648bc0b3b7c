//! What waits for something that may take long, while everything else goes on without it: windows and totals for the hub to fill
//! them, rows for those who have locked their table.

use super::{super::limits, Want};
use crate::{
    changelog::Source,
    hub::{QueryId, Session, TableId},
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
            let (session, source) = (session.clone(), self.source.clone());
            let (query, ticket, definition) = (want.query, want.ticket, want.definition.clone());
            self.looks.spawn(async move {
                let mut retry = limits::RETRY.0;
                loop {
                    tokio::time::sleep(retry).await;
                    retry = (retry * 2).min(limits::RETRY.1);
                    if !session.holds(query, ticket) || !source.is_locked(&definition.table).await {
                        return table;
                    }
                }
            });
        }
        self.wants.push((want, until));
    }

    /// Whether a use of a query that has not ended is here.
    pub(super) fn holds(&self, query: QueryId) -> bool {
        self.wants.iter().any(|(want, _)| want.query == query && self.session.holds(want.query, want.ticket))
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
        let ready: Vec<Want> = self.wants.extract_if(.., is_ready).map(|(want, _)| want).collect();
        // One that has ended meanwhile must not be taken for the one that came after it.
        ready.into_iter().filter(|want| self.session.holds(want.query, want.ticket)).collect()
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
