//! What becomes live together.

use super::{Continue, Start, Task, Want};
use crate::{
    hub::{Greeting, QueryId, Ready, Replay, Session, Ticket, subscribed},
    protocol::ResyncReason,
};
use std::collections::HashMap;

/// What becomes live together.
#[derive(Default)]
pub(super) struct Round {
    pub(super) wants: Vec<Want>,
    pub(super) ready: Vec<Ready>,
    /// The client's ids, for what may have to be announced again.
    ids: HashMap<QueryId, String>,
    /// How often what was missed by a query has been folded.
    pub(super) folds: HashMap<QueryId, u32>,
    /// What lagged is among them.
    pub(super) recovering: bool,
}

impl Round {
    pub(super) fn want(&mut self, want: Want) {
        // A later use of a query takes the place of an earlier one.
        self.wants.retain(|other| other.query != want.query);
        self.ready.retain(|other| other.query != want.query);
        self.ids.insert(want.query, want.id.clone());
        self.wants.push(want);
    }

    pub(super) fn add(&mut self, task: Task, session: &Session) {
        match task {
            Task::Want(want) => self.want(want),
            Task::Lagged { position, queries } => {
                self.recovering = true;
                for query in queries {
                    let (from, base) = (position.clone(), position.clone());
                    // The database may have gone back since, to before what was sent.
                    let reached = Continue { lead: Vec::new(), from, replay: Replay::default(), base, known: false };
                    self.go_on(query, None, Start::Continue(reached), session);
                }
            }
        }
    }

    /// What was prepared has become too old before it could become live: it goes on from where it was.
    pub(super) fn again(&mut self, query: QueryId, session: &Session) {
        for stale in self.ready.extract_if(.., |one| one.query == query).collect::<Vec<_>>() {
            let Ready { ticket, lead, from, replay, base, .. } = stale;
            let reached = Continue { lead, from, replay, base, known: true };
            self.go_on(query, Some(ticket), Start::Continue(reached), session);
        }
    }

    /// Takes out a window or totals that are not filled: what is ready does not wait for them.
    pub(super) fn set_aside(&mut self, query: QueryId, session: &Session) -> Option<Want> {
        let at = self.ready.iter().position(|one| one.query == query)?;
        let Ready { ticket, from, view, .. } = self.ready.swap_remove(at);
        let (definition, _) = session.held(query).filter(|(_, now)| *now == ticket)?;
        let Greeting { id, resumes, resync } = view?;
        let announced = id.is_none();
        let start = match resync {
            Some(reason) => Start::Anew { reason },
            None if resumes => {
                let lead = id.iter().map(|id| subscribed(id, query, &definition.key, true)).collect();
                Start::Continue(Continue { lead, base: from.clone(), from, replay: Replay::default(), known: true })
            }
            None => Start::Snapshot { announced, not_before: None },
        };
        let id = id.or_else(|| self.ids.get(&query).cloned()).unwrap_or_default();
        Some(Want { id, query, ticket, definition, start, told: false })
    }

    /// What was prepared is of no use any more.
    pub(super) fn anew(&mut self, query: QueryId, session: &Session) {
        for stale in self.ready.extract_if(.., |one| one.query == query).collect::<Vec<_>>() {
            let start = Start::Anew { reason: ResyncReason::TooMuchToReplay };
            self.go_on(query, Some(stale.ticket), start, session);
        }
    }

    fn go_on(&mut self, query: QueryId, of: Option<Ticket>, start: Start, session: &Session) {
        let Some((definition, ticket)) = session.held(query) else { return };
        let taken =
            self.wants.iter().any(|want| want.query == query) || self.ready.iter().any(|one| one.query == query);
        if taken || of.is_some_and(|of| of != ticket) {
            return;
        }
        let id = self.ids.get(&query).cloned().unwrap_or_default();
        self.wants.push(Want { id, query, ticket, definition, start, told: false });
    }
}
