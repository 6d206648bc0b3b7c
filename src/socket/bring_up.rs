//! Makes subscriptions live: a snapshot or a catch-up, then the hand-over to the hub without a gap.
//!
//! One task per session. Procedure, for all subscriptions that arrive together: bring each to some position (read its
//! snapshot, or find what it missed); wait until the hub has reached all of these positions; then, in one step, add what
//! the hub's ring holds beyond them, commit everything with one position, and be live from there.
//!
//! While the database does not answer it tries again, for as long as the subscription is wanted. What waits for one table alone is
//! set aside, and keeps nothing else on the connection from being live.
//!
//! | file | what it is |
//! |---|---|
//! | `round` | what becomes live together |
//! | `aside` | what waits for a table that is locked, or to be filled |

mod aside;
mod round;

use super::{
    limits,
    shared::{Missed, NoFold, Piece, Shared, Taken},
};
use crate::{
    changelog::{self, Error, Source},
    hub::{
        Definition, Frame, Greeting, Missing, NotFolded, NotYet, QueryId, Ready, Replay, Session, Ticket, subscribed,
    },
    protocol::{ErrorCode, Position, ResyncReason, ServerFrame, Token},
};
use aside::{Aside, Until};
use round::Round;
use std::{borrow::Cow, sync::Arc};
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
    /// Whether the client knows that this waits.
    pub(super) told: bool,
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
    replay: Replay,
    base: Token,
    /// Whether the database is known to have reached `base`. One that a client brings may be ahead of it.
    known: bool,
}

/// The session is gone.
struct Gone;

struct BringUp<S> {
    session: Arc<Session>,
    source: Arc<Shared<S>>,
    aside: Aside<S>,
}

/// Why a subscription could not be brought up.
enum Failure {
    /// It has ended meanwhile, or must end.
    Drop,
    /// The client took a large snapshot too slowly.
    LeftBehind,
    /// Others have locked the table.
    Locked,
    Source(Arc<changelog::Error>),
}

/// What has become of a subscription that was to be brought to some position.
enum Prepared {
    Ready(Ready),
    /// Its table is locked.
    Locked(Want),
}

impl From<changelog::Error> for Failure {
    fn from(error: changelog::Error) -> Self {
        Self::Source(Arc::new(error))
    }
}

/// Serves one session until it is gone.
pub(super) async fn run<S: Source>(session: Arc<Session>, source: Arc<Shared<S>>, mut tasks: mpsc::Receiver<Task>) {
    let aside = Aside::new(session.clone(), source.clone());
    let mut bring_up = BringUp { session, source, aside };
    while let Some(first) = bring_up.next(&mut tasks).await {
        tokio::time::sleep(limits::GATHER).await;
        if bring_up.round(first, &mut tasks).await.is_err() {
            return;
        }
    }
}

impl<S: Source> BringUp<S> {
    /// What to do next. `None` when the session has ended.
    async fn next(&mut self, tasks: &mut mpsc::Receiver<Task>) -> Option<Vec<Task>> {
        tokio::select! {
            task = tasks.recv() => Some(vec![task?]),
            wants = self.aside.next() => Some(wants.into_iter().map(Task::Want).collect()),
        }
    }

    /// Has a subscription wait while others go on. A client that believes it to be live is told, for whatever is committed from here on
    /// says nothing about it.
    async fn set_aside(&mut self, mut want: Want, until: Until) {
        let believed_live = match &want.start {
            Start::Continue(reached) if reached.lead.is_empty() => Some(ResyncReason::TooMuchToReplay),
            Start::Anew { reason } if want.id.is_empty() => Some(*reason),
            _ => None,
        };
        if let Some(reason) = believed_live {
            let told = self.chunk(&want, Frame::from(ServerFrame::Resync { query: want.query, reason }.encode())).await;
            if told.is_err() {
                return;
            }
            want.start = Start::Snapshot { announced: true, not_before: None };
        }
        self.aside.put(want, until);
    }

    /// Brings up everything that is asked for until all of it is live.
    async fn round(&mut self, first: Vec<Task>, tasks: &mut mpsc::Receiver<Task>) -> Result<(), Gone> {
        let mut round = Round::default();
        self.aside.ready().into_iter().for_each(|want| round.want(want));
        first.into_iter().for_each(|task| self.add(&mut round, task));
        while let Ok(task) = tasks.try_recv() {
            self.add(&mut round, task);
        }
        loop {
            for want in std::mem::take(&mut round.wants) {
                match self.prepare(want).await {
                    Some(Prepared::Ready(ready)) => round.ready.push(ready),
                    Some(Prepared::Locked(want)) => self.set_aside(want, Until::Unlocked).await,
                    None => {}
                }
            }
            match self.session.go_live(&round.ready, round.recovering) {
                Ok(()) => return Ok(()),
                Err(NotYet::Ahead(token)) => self.session.hub().reach(&token).await,
                Err(NotYet::Behind(query)) => round.again(query, &self.session),
                Err(NotYet::Far(query)) => self.fold(&mut round, query).await,
                Err(NotYet::Unfilled(query)) => {
                    if let Some(want) = round.set_aside(query, &self.session) {
                        self.set_aside(want, Until::Filled).await;
                    }
                }
                Err(NotYet::Reload(query)) => round.anew(query, &self.session),
                Err(NotYet::Lagged) => self.add(&mut round, tasks.recv().await.ok_or(Gone)?),
            }
        }
    }

    fn add(&self, round: &mut Round, mut task: Task) {
        // What has been asked for anew since, and waits, was told to start over: it does not go on from where it was.
        if let Task::Lagged { queries, .. } = &mut task {
            queries.retain(|query| !self.aside.holds(*query));
        }
        round.add(task, &self.session);
    }

    /// Folds what a query missed before it becomes live, so that only the rest is folded while everybody waits.
    async fn fold(&self, round: &mut Round, query: QueryId) {
        let times = round.folds.entry(query).or_default();
        *times += 1;
        let enough = *times > limits::MAX_FOLDS;
        let Some(one) = round.ready.iter_mut().find(|one| one.query == query) else { return };
        if enough {
            one.in_place = true;
            return;
        }
        let missing = Missing { query, replay: std::mem::take(&mut one.replay), base: one.base.clone() };
        match self.source.fold(self.session.hub(), &one.from, &missing).await {
            Ok(folded) => {
                one.lead.extend(folded.frames.iter().cloned());
                (one.from, one.base) = (folded.to.clone(), folded.to);
            }
            Err(NoFold::Hub(NotFolded::Reload) | NoFold::NoRoom) => round.anew(query, &self.session),
            Err(NoFold::Hub(not)) => {
                one.replay = missing.replay;
                match not {
                    NotFolded::Behind => round.again(query, &self.session),
                    _ => one.in_place = true,
                }
            }
        }
    }

    /// Brings one subscription to some position, however long that takes, unless only its table cannot be read. `None` if it has
    /// ended.
    async fn prepare(&self, mut want: Want) -> Option<Prepared> {
        let mut retry = limits::RETRY.0;
        let (mut altered, mut left_behind) = (0, 0);
        loop {
            if !self.session.holds(want.query, want.ticket) {
                return None;
            }
            match self.attempt(&mut want).await {
                Ok(ready) => return Some(Prepared::Ready(ready)),
                Err(Failure::Drop) => return None,
                // Before it is read again, the client has to take what it was sent and that it starts over: so one that takes
                // nothing waits here, and holds nothing of the source.
                Err(Failure::LeftBehind) if left_behind < limits::MAX_LEFT_BEHIND => left_behind += 1,
                Err(Failure::LeftBehind) => {
                    let table = want.definition.table.full_name();
                    tracing::debug!(table, "a client is too slow for a table");
                    let message = format!("{table} is too large for this connection; ask for fewer of its rows");
                    self.session.fail(want.query, ErrorCode::UnreadableTable, message);
                    return None;
                }
                Err(Failure::Locked) => {
                    let table = want.definition.table.full_name();
                    tracing::debug!(table, "a subscription waits for a table that is locked");
                    self.tell_that_it_waits(
                        &mut want,
                        &format!("{table} is locked by others; this starts when it can be read"),
                    );
                    return Some(Prepared::Locked(want));
                }
                Err(Failure::Source(error)) if error.is_unavailable() => {
                    tracing::debug!(%error, "a subscription waits for the database");
                    self.tell_that_it_waits(&mut want, "the database cannot be read; this starts when it can");
                    tokio::time::sleep(retry).await;
                    retry = (retry * 2).min(limits::RETRY.1);
                }
                // Once the hub has heard of it, this use of the query ends.
                Err(Failure::Source(ref error)) if let Error::Outdated(token) = &**error => {
                    self.session.hub().reach(token).await;
                    tokio::time::sleep(limits::RETRY.0).await;
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
                    if (reached.known || self.reaches(&reached.base)) && self.session.hub().covers(&reached.base) =>
                {
                    return Ok(Ready {
                        query: want.query,
                        ticket: want.ticket,
                        lead: std::mem::take(&mut reached.lead),
                        from: reached.from.clone(),
                        replay: std::mem::take(&mut reached.replay),
                        base: reached.base.clone(),
                        in_place: false,
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
        Ok(Ready {
            query,
            ticket,
            lead: Vec::new(),
            from,
            replay: Replay::default(),
            base,
            in_place: false,
            view: Some(greeting),
        })
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
        Start::Continue(Continue { lead, from: token.clone(), replay: Replay::default(), base: token, known: false })
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
        let enough = |position: &Position| self.session.hub().covers(&Token { epoch, position: position.clone() });
        Ok(match self.source.changes_after(&reached.base, definition.table.id, enough).await? {
            Missed::Changes { changes, position } => {
                let from = std::mem::replace(&mut reached.base.position, position);
                reached.replay.push(from, changes);
                Ok(())
            }
            Missed::TooMuch => Err(ResyncReason::TooMuchToReplay),
            Missed::Pruned => Err(ResyncReason::PositionTooOld),
            Missed::Ahead => Err(ResyncReason::PositionUnknown),
        })
    }

    /// Sends all rows but the last chunk, which is kept for the hand-over.
    async fn snapshot(&self, want: &mut Want) -> Result<Ready, Failure> {
        if self.aside.is_locked(want.definition.table.id) {
            return Err(Failure::Locked);
        }
        let mut chunks = 0;
        let outcome = self.send_snapshot(want, &mut chunks).await;
        if chunks > 0 && matches!(outcome, Err(Failure::Source(_) | Failure::LeftBehind)) {
            // The client holds part of a snapshot that will not be completed.
            want.start = Start::Anew { reason: ResyncReason::SourceFailed };
        }
        match outcome {
            Err(Failure::Source(error)) if matches!(*error, Error::Locked) => Err(Failure::Locked),
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
            replay: Replay::default(),
            base,
            in_place: false,
            view: None,
        })
    }

    /// As fast as the client takes it, if that is fast enough.
    async fn stream_snapshot(&self, want: &Want, sent: &mut usize) -> Result<(Token, Frame), Failure> {
        let mut pieces = self.source.join(want.query, &want.definition);
        while let Some(piece) = pieces.recv().await {
            match piece {
                Piece::Frame(frame) => {
                    self.chunk(want, frame).await?;
                    *sent += 1;
                }
                Piece::Last { base, frame } => return Ok((base, frame)),
                Piece::Failed(error) => return Err(Failure::Source(error)),
            }
        }
        Err(Failure::LeftBehind)
    }

    async fn chunk(&self, want: &Want, frame: Frame) -> Result<(), Failure> {
        if self.session.chunk(want.query, want.ticket, frame).await { Ok(()) } else { Err(Failure::Drop) }
    }

    fn tell_that_it_waits(&self, want: &mut Want, message: &str) {
        if std::mem::replace(&mut want.told, true) || want.id.is_empty() {
            return;
        }
        let (id, code) = (Some(Cow::Borrowed(want.id.as_str())), ErrorCode::SourceUnavailable);
        let message = Cow::Borrowed(message);
        self.session.post(&ServerFrame::Error { id, code, message, at: None, hint: None, room: None, r#ref: None });
    }
}
