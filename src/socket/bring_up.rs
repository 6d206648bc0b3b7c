//! Makes subscriptions live: a snapshot or a catch-up, then the hand-over to the hub without a gap.
//!
//! One task per session. Procedure, for all subscriptions that arrive together: bring each to some position (read its
//! snapshot, or find what it missed); wait until the hub has reached all of these positions; then, in one step, add what
//! the hub's ring holds beyond them, commit everything with one position, and be live from there.
//!
//! While the database does not answer it tries again, for as long as the subscription is wanted.

use super::{
    limits,
    shared::{Shared, Taken},
};
use crate::{
    changelog::{self, Reading, Rows, Source},
    hub::{
        Chunks, Definition, Frame, Greeting, NotYet, Operation, QueryId, Ready, RowChange, Session, Ticket, subscribed,
    },
    protocol::{ErrorCode, Position, ResyncReason, ServerFrame, Token},
};
use futures::TryStreamExt;
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use tokio::sync::mpsc;

/// What the task is asked to do.
pub(super) enum Task {
    /// Bring up a subscription.
    Want(Want),
    /// Bring up again what has lagged.
    Lagged {
        /// What the session was last sent.
        position: Token,
        /// What was live.
        queries: Vec<QueryId>,
    },
}

/// A subscription that is to become live.
pub(super) struct Want {
    /// The client's id; empty if the client knows the query's number already.
    pub(super) id: String,
    pub(super) query: QueryId,
    pub(super) ticket: Ticket,
    pub(super) definition: Arc<Definition>,
    pub(super) start: Start,
}

/// Where a subscription starts from.
pub(super) enum Start {
    /// From all rows.
    Snapshot {
        /// Whether the client has been told so.
        announced: bool,
        /// What was read before is of no use.
        not_before: Option<Token>,
    },
    /// From a token that a client brought.
    Resume { token: String },
    /// From a position, with what is to be sent before the changes from there on.
    Continue(Continue),
    /// From all rows, although the client has some.
    Anew { reason: ResyncReason },
}

/// How far a subscription has come.
pub(super) struct Continue {
    /// What is sent before the changes.
    lead: Vec<Frame>,
    /// Where `lead` brings the client.
    from: Token,
    /// The changes from there to `base`.
    replay: Vec<RowChange>,
    base: Token,
    /// Whether the database is known to have reached `base`. One that a client brings may be ahead of it.
    known: bool,
}

/// The session is gone.
struct Gone;

struct BringUp<S> {
    session: Arc<Session>,
    source: Arc<Shared<S>>,
}

/// What becomes live together.
#[derive(Default)]
struct Round {
    wants: Vec<Want>,
    ready: Vec<Ready>,
    /// The client's ids, for what may have to be announced again.
    ids: HashMap<QueryId, String>,
    /// What lagged is among them.
    recovering: bool,
}

impl Round {
    fn add(&mut self, task: Task, session: &Session) {
        match task {
            Task::Want(want) => {
                // A later use of a query takes the place of an earlier one.
                self.wants.retain(|other| other.query != want.query);
                self.ready.retain(|other| other.query != want.query);
                self.ids.insert(want.query, want.id.clone());
                self.wants.push(want);
            }
            Task::Lagged { position, queries } => {
                self.recovering = true;
                for query in queries {
                    let (from, base) = (position.clone(), position.clone());
                    // The database may have gone back since, to before what was sent.
                    let reached = Continue { lead: Vec::new(), from, replay: Vec::new(), base, known: false };
                    self.go_on(query, None, Start::Continue(reached), session);
                }
            }
        }
    }

    /// What was prepared has become too old before it could become live: it goes on from where it was.
    fn again(&mut self, query: QueryId, session: &Session) {
        for stale in self.ready.extract_if(.., |one| one.query == query).collect::<Vec<_>>() {
            let Ready { ticket, lead, from, replay, base, .. } = stale;
            let reached = Continue { lead, from, replay, base, known: true };
            self.go_on(query, Some(ticket), Start::Continue(reached), session);
        }
    }

    /// What was prepared is of no use any more.
    fn anew(&mut self, query: QueryId, session: &Session) {
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
        self.wants.push(Want { id, query, ticket, definition, start });
    }
}

/// Why a subscription could not be brought up.
enum Failure {
    /// It has ended meanwhile, or must end.
    Drop,
    Source(Arc<changelog::Error>),
}

impl From<changelog::Error> for Failure {
    fn from(error: changelog::Error) -> Self {
        Self::Source(Arc::new(error))
    }
}

/// Serves one session until it is gone.
pub(super) async fn run<S: Source>(session: Arc<Session>, source: Arc<Shared<S>>, mut tasks: mpsc::Receiver<Task>) {
    let bring_up = BringUp { session, source };
    while let Some(first) = tasks.recv().await {
        tokio::time::sleep(limits::GATHER).await;
        if bring_up.round(first, &mut tasks).await.is_err() {
            return;
        }
    }
}

impl<S: Source> BringUp<S> {
    /// Brings up everything that is asked for until all of it is live.
    async fn round(&self, first: Task, tasks: &mut mpsc::Receiver<Task>) -> Result<(), Gone> {
        let mut round = Round::default();
        round.add(first, &self.session);
        while let Ok(task) = tasks.try_recv() {
            round.add(task, &self.session);
        }
        loop {
            for want in std::mem::take(&mut round.wants) {
                round.ready.extend(self.prepare(want).await);
            }
            match self.session.go_live(&round.ready, round.recovering) {
                Ok(()) => return Ok(()),
                Err(NotYet::Ahead(token)) => self.session.hub().reach(&token).await,
                Err(NotYet::Behind(query)) => round.again(query, &self.session),
                Err(NotYet::Unfilled(query)) => self.session.hub().filled(query).await,
                Err(NotYet::Reload(query)) => round.anew(query, &self.session),
                Err(NotYet::Lagged) => round.add(tasks.recv().await.ok_or(Gone)?, &self.session),
            }
        }
    }

    /// Brings one subscription to some position, however long that takes. `None` if it has ended.
    async fn prepare(&self, mut want: Want) -> Option<Ready> {
        let mut retry = limits::RETRY.0;
        let mut told = false;
        let mut altered = 0;
        loop {
            if !self.session.holds(want.query, want.ticket) {
                return None;
            }
            match self.attempt(&mut want).await {
                Ok(ready) => return Some(ready),
                Err(Failure::Drop) => return None,
                Err(Failure::Source(error)) if error.is_unavailable() => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::debug!(%error, "a subscription waits for the database");
                        self.tell(
                            &want,
                            ErrorCode::SourceUnavailable,
                            "the database cannot be read; this starts when it can",
                        );
                    }
                    tokio::time::sleep(retry).await;
                    retry = (retry * 2).min(limits::RETRY.1);
                }
                // The table has changed, and the hub has yet to hear of it: then this use of the query ends.
                Err(Failure::Source(error)) if error.is_altered() && altered < limits::MAX_ALTERED => {
                    altered += 1;
                    tokio::time::sleep(limits::RETRY.0).await;
                }
                Err(Failure::Source(error)) => {
                    let table = want.definition.table.full_name();
                    tracing::warn!(%error, table, "a table cannot be read");
                    self.session.fail(
                        want.query,
                        ErrorCode::UnreadableTable,
                        format!("{table} cannot be read by the server"),
                    );
                    return None;
                }
            }
        }
    }

    /// One step, or several: `want.start` says how far it has come.
    async fn attempt(&self, want: &mut Want) -> Result<Ready, Failure> {
        loop {
            if want.definition.view.is_some() {
                return self.view(want).await;
            }
            match &mut want.start {
                Start::Resume { token } => {
                    let token = std::mem::take(token);
                    want.start = self.resume(&token, want);
                }
                Start::Continue(reached)
                    if (reached.known || self.reaches(&reached.base)) && self.session.covers(&reached.base) =>
                {
                    return Ok(Ready {
                        query: want.query,
                        ticket: want.ticket,
                        lead: std::mem::take(&mut reached.lead),
                        from: reached.from.clone(),
                        replay: std::mem::take(&mut reached.replay),
                        base: reached.base.clone(),
                        view: None,
                    });
                }
                Start::Continue(reached) => match self.read_on(reached, &want.definition).await? {
                    Ok(()) => reached.known = true,
                    Err(reason) => want.start = Start::Anew { reason },
                },
                Start::Anew { reason } => {
                    let reason = *reason;
                    if !want.id.is_empty() {
                        self.chunk(want, subscribed(&want.id, want.query, &want.definition.key, false)).await?;
                    }
                    self.chunk(want, Frame::from(ServerFrame::Resync { query: want.query, reason }.encode())).await?;
                    let not_before = Some(self.session.hub().token());
                    want.start = Start::Snapshot { announced: true, not_before };
                }
                Start::Snapshot { announced, .. } => {
                    if !std::mem::replace(announced, true) {
                        self.chunk(want, subscribed(&want.id, want.query, &want.definition.key, false)).await?;
                    }
                    return self.snapshot(want).await;
                }
            }
        }
    }

    /// A window or totals: the hub has them, and what they told; only a position from elsewhere must be looked into.
    async fn view(&self, want: &mut Want) -> Result<Ready, Failure> {
        if let Start::Resume { token } = &mut want.start {
            let token = std::mem::take(token);
            want.start = self.resume(&token, want);
        }
        if let Start::Continue(reached) = &mut want.start
            && !reached.known
            && !self.reaches(&reached.base)
            && let Err(reason) = self.read_on(reached, &want.definition).await?
            && reason == ResyncReason::PositionUnknown
        {
            want.start = Start::Anew { reason };
        }
        let id = || Some(want.id.clone()).filter(|id| !id.is_empty());
        let now = self.session.hub().token();
        let (from, greeting) = match &want.start {
            Start::Continue(Continue { from, lead, .. }) => {
                let id = if lead.is_empty() { None } else { id() };
                (from.clone(), Greeting { id, resumes: true, resync: None })
            }
            Start::Anew { reason } => (now, Greeting { id: id(), resumes: false, resync: Some(*reason) }),
            Start::Snapshot { announced, .. } => {
                let id = if *announced { None } else { id() };
                (now, Greeting { id, resumes: false, resync: None })
            }
            Start::Resume { .. } => unreachable!("it was looked at above"),
        };
        let (query, ticket, base) = (want.query, want.ticket, from.clone());
        Ok(Ready { query, ticket, lead: Vec::new(), from, replay: Vec::new(), base, view: Some(greeting) })
    }

    fn reaches(&self, token: &Token) -> bool {
        let hub = self.session.hub().token();
        hub.epoch == token.epoch && hub.position.reaches(&token.position)
    }

    /// Looks at the token that a client brought.
    fn resume(&self, token: &str, want: &Want) -> Start {
        let start_over = |reason| Start::Anew { reason };
        let Ok(token) = token.parse::<Token>() else { return start_over(ResyncReason::PositionMalformed) };
        if token.epoch != self.session.hub().token().epoch {
            return start_over(ResyncReason::PositionForeign);
        }
        if !token.position.includes(want.definition.table.since) {
            return start_over(ResyncReason::PositionTooOld);
        }
        let lead = vec![subscribed(&want.id, want.query, &want.definition.key, true)];
        Start::Continue(Continue { lead, from: token.clone(), replay: Vec::new(), base: token, known: false })
    }

    /// Moves the base on by what the source has after it. The inner error is why it cannot be moved.
    async fn read_on(
        &self,
        reached: &mut Continue,
        definition: &Definition,
    ) -> Result<Result<(), ResyncReason>, Failure> {
        if reached.base.epoch != self.session.hub().token().epoch {
            return Ok(Err(ResyncReason::PositionForeign));
        }
        let epoch = reached.base.epoch;
        let enough = |position: &Position| self.session.covers(&Token { epoch, position: position.clone() });
        let reading = self.source.changes_after(&reached.base.position, definition.table.id, enough).await?;
        Ok(match reading {
            Reading::Changes { changes, position } => {
                let of_table = changes.into_iter().filter(|change| change.table == definition.table.id);
                reached.replay.extend(of_table);
                reached.base.position = position;
                let reload = reached.replay.iter().any(|change| matches!(change.operation, Operation::Reload));
                if reload { Err(ResyncReason::TooMuchToReplay) } else { Ok(()) }
            }
            Reading::TooMuch => Err(ResyncReason::TooMuchToReplay),
            Reading::Pruned => Err(ResyncReason::PositionTooOld),
            Reading::Ahead => Err(ResyncReason::PositionUnknown),
        })
    }

    /// Sends all rows but the last chunk, which is kept for the hand-over.
    async fn snapshot(&self, want: &mut Want) -> Result<Ready, Failure> {
        let mut chunks = 0;
        match self.send_snapshot(want, &mut chunks).await {
            Err(Failure::Source(error)) if chunks > 0 => {
                // The client holds part of a snapshot that will not be completed.
                want.start = Start::Anew { reason: ResyncReason::SourceFailed };
                Err(Failure::Source(error))
            }
            outcome => outcome,
        }
    }

    async fn send_snapshot(&self, want: &Want, sent: &mut usize) -> Result<Ready, Failure> {
        let not_before = match &want.start {
            Start::Snapshot { not_before, .. } => not_before.as_ref(),
            _ => None,
        };
        let (base, last) = match self.source.snapshot(want.query, &want.definition, not_before).await {
            Err(error) => return Err(Failure::Source(error)),
            Ok(Taken::Frames { base, frames }) => {
                let (last, chunks) = frames.split_last().expect("there is a frame even without rows");
                for frame in chunks {
                    self.chunk(want, frame.clone()).await?;
                    *sent += 1;
                }
                (base, last.clone())
            }
            Ok(Taken::TooLarge { .. }) => self.stream_snapshot(want, sent).await?,
        };
        let from = base.clone();
        Ok(Ready {
            query: want.query,
            ticket: want.ticket,
            lead: vec![last],
            from,
            replay: Vec::new(),
            base,
            view: None,
        })
    }

    /// As fast as the client takes it.
    async fn stream_snapshot(&self, want: &Want, sent: &mut usize) -> Result<(Token, Frame), Failure> {
        let (base, mut snapshot) = self.source.source().snapshot(&want.definition.table).await?;
        let mut chunks = Chunks::new(want.query);
        let mut rows = snapshot.rows(&want.definition);
        while let Some(row) = rows.try_next().await? {
            if let Some(frame) = chunks.push(row) {
                self.chunk(want, frame).await?;
                *sent += 1;
            }
        }
        Ok((base, chunks.last()))
    }

    async fn chunk(&self, want: &Want, frame: Frame) -> Result<(), Failure> {
        if self.session.chunk(want.query, want.ticket, frame).await { Ok(()) } else { Err(Failure::Drop) }
    }

    fn tell(&self, want: &Want, code: ErrorCode, message: &str) {
        if !want.id.is_empty() {
            let id = Some(Cow::Borrowed(want.id.as_str()));
            let message = Cow::Borrowed(message);
            let frame = ServerFrame::Error { id, code, message, at: None, hint: None, room: None, r#ref: None };
            self.session.post(&frame);
        }
    }
}
