//! One connection: reads frames, sends what its outbox holds, keeps time.

use super::{
    Limits, Live, Recheck, Shared,
    bring_up::{self, Start, Task, Want},
    limits,
    question::{self, Refusal},
    rate::{Rate, Verdict},
};
use crate::{
    changelog::Source,
    counters::Counters,
    hub::{Frame, Principal, QueryId, Sent, Session, Ticket, subscribed},
    protocol::{
        self, ClientFrame, CloseCode, ErrorCode, FrameError, MAX_ID_BYTES, ResyncReason, ServerFrame, Subscribe,
    },
};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::{Sink, SinkExt, Stream, StreamExt};
use std::{borrow::Cow, collections::BTreeMap, error::Error as _, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, interval, interval_at, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Why a session ends.
pub(super) enum End {
    /// The client is lost.
    Gone,
    /// The client has said goodbye.
    Left,
    /// We close, and say why.
    Close(CloseCode),
}

/// Why a subscription does not begin.
enum NotBegun {
    /// It is refused, or has to wait.
    Refused(Refusal),
    /// The whole session ends.
    End(End),
}

impl From<Refusal> for NotBegun {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<End> for NotBegun {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// What became of asking a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// It has begun, or was refused.
    Settled,
    /// It waits for the source.
    Waits,
}

/// A WebSocket, or what stands in for one.
pub(super) trait Wire:
    Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin + Send
{
}

impl<W> Wire for W where
    W: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin + Send
{
}

pub(super) struct Connection<W, S> {
    socket: W,
    pub(super) session: Arc<Session>,
    stop: CancellationToken,
    source: Arc<Shared<S>>,
    tasks: mpsc::Sender<Task>,
    subscriptions: BTreeMap<String, Subscription>,
    malformed: u32,
    /// How much may be said about rooms.
    pub(super) pace: Rate,
    rate: Rate,
    heard: Instant,
    /// The longest frame of those that may not be with the network yet, in bytes.
    unsent: usize,
    limits: Limits,
    pub(super) counters: Arc<Counters>,
}

/// What a client has asked for under one id.
struct Subscription {
    asked: Subscribe,
    /// None while it waits for the source to read its constants.
    query: Option<QueryId>,
}

/// Serves one connection until it ends.
pub(super) async fn run(socket: WebSocket, principal: Principal, origin: IpAddr, live: Live) {
    let session = Arc::new(live.hub.open_from(Arc::new(principal), Some(origin)));
    let span = tracing::info_span!("session", id = session.id(), account = session.principal().account);
    serve(socket, live.source, live.limits, live.counters, live.stop, live.recheck, session).instrument(span).await;
}

pub(super) async fn serve<S: Source>(
    socket: impl Wire,
    source: Arc<Shared<S>>,
    limits: Limits,
    counters: Arc<Counters>,
    stop: CancellationToken,
    recheck: Recheck,
    session: Arc<Session>,
) {
    let (tasks, received) = mpsc::channel(limits.waiting());
    // Aborted when this function returns, whichever way.
    let mut worker = tokio::task::JoinSet::new();
    worker.spawn(bring_up::run(session.clone(), source.clone(), received).in_current_span());
    worker.spawn(recheck.watch(session.clone()).in_current_span());
    let heartbeat = limits.heartbeat;
    let mut connection = Connection {
        socket,
        session: session.clone(),
        stop: stop.clone(),
        source,
        tasks,
        subscriptions: BTreeMap::new(),
        malformed: 0,
        pace: Rate::new(limits::ROOM_FRAMES_PER_SECOND, limits::ROOM_FRAMES_AT_ONCE, Instant::now()),
        rate: Rate::new(limits.frames_per_second, limits.frames_at_once, Instant::now()),
        heard: Instant::now(),
        unsent: 0,
        limits,
        counters: counters.clone(),
    };
    tracing::debug!("opened");
    let mut beat = interval_at(Instant::now() + heartbeat, heartbeat);
    let mut again = interval(limits::ASK_AGAIN);
    let mut outcome = connection.welcome().await;
    while outcome.is_ok() {
        outcome = tokio::select! {
            () = stop.cancelled() => Err(End::Close(CloseCode::GoingAway)),
            message = connection.socket.next() => connection.receive(message).await,
            () = session.filled() => connection.send_outbox().await,
            _ = beat.tick() => connection.beat().await,
            _ = again.tick(), if connection.waits() => {
                let asked = connection.ask_again().await;
                // Between two tries there is time for everything else.
                again.reset();
                asked
            }
        };
    }
    match outcome {
        Err(End::Close(code)) => {
            // Whoever is to come back may find its place in rooms; whoever is not has left.
            if !CloseCode::reconnects(code.code()) {
                session.depart();
            }
            tracing::debug!(code = code.code(), "closed: {}", code.reason());
            count(&counters, code);
            connection.close(code).await;
        }
        Err(End::Left) => {
            session.depart();
            tracing::debug!("left");
        }
        Err(End::Gone) | Ok(()) => tracing::debug!("gone"),
    }
}

impl<W: Wire, S: Source> Connection<W, S> {
    async fn welcome(&mut self) -> Result<(), End> {
        let frame = ServerFrame::Welcome {
            session: Cow::Owned(self.session.id().to_string()),
            heartbeat_ms: u64::try_from(self.limits.heartbeat.as_millis()).unwrap_or(u64::MAX),
            available: self.session.hub().is_available(),
            user: self.session.principal().user(),
            rights: self.session.principal().rights().into(),
            nodes: self.session.hub().nodes_connected(),
        };
        self.send(&[Frame::from(frame.encode())]).await
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        let verdict = match &message {
            Some(Ok(Message::Close(_)) | Err(_)) | None => Verdict::Act,
            Some(Ok(_)) => self.rate.frame(self.heard),
        };
        match message {
            Some(Ok(message)) if verdict != Verdict::Act => self.refuse_hasty(&message, verdict).await,
            Some(Ok(Message::Text(text))) if text.len() > self.limits.frame_bytes => {
                Err(End::Close(CloseCode::FrameTooLarge))
            }
            Some(Ok(Message::Text(text))) => match ClientFrame::parse(&text) {
                Ok(frame) => {
                    self.malformed = 0;
                    self.handle(frame).await
                }
                Err(error) => self.refuse_malformed(error).await,
            },
            Some(Ok(Message::Binary(_))) => {
                let message = "binary frames are not part of this protocol; send JSON text".to_owned();
                self.refuse_malformed(FrameError { id: None, r#ref: None, code: ErrorCode::BinaryFrame, message }).await
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            // What browsers say when a page is left or loaded again: it may be back in a moment.
            Some(Ok(Message::Close(Some(said)))) if said.code == CloseCode::GoingAway.code() => Err(End::Gone),
            Some(Ok(Message::Close(_))) => Err(End::Left),
            None => Err(End::Gone),
            Some(Err(error)) if is_too_large(&error) => Err(End::Close(CloseCode::FrameTooLarge)),
            Some(Err(_)) => Err(End::Gone),
        }
    }

    /// A frame that came too fast is not acted upon, except to end a subscription: that only frees something.
    async fn refuse_hasty(&mut self, message: &Message, verdict: Verdict) -> Result<(), End> {
        self.counters.frames_over_rate.add();
        if verdict == Verdict::End {
            return Err(End::Close(CloseCode::TooFast));
        }
        let Message::Text(text) = message else { return Ok(()) };
        let (per_second, at_once) = (self.limits.frames_per_second, self.limits.frames_at_once);
        let refusal = format!(
            "a connection may send {per_second} frames per second, and {at_once} at once; this one was ignored"
        );
        let id = match ClientFrame::parse(text) {
            Ok(frame @ ClientFrame::Unsubscribe { .. }) => return self.handle(frame).await,
            Ok(ClientFrame::Subscribe(asked)) => Some(asked.id).filter(|id| id.len() <= MAX_ID_BYTES),
            Ok(frame) => return self.refuse_room(&frame, ErrorCode::RateLimited, refusal).await,
            Err(error) => error.id,
        };
        self.refuse(id.as_deref(), ErrorCode::RateLimited, &refusal).await
    }

    async fn refuse_malformed(&mut self, error: FrameError) -> Result<(), End> {
        self.malformed += 1;
        if self.malformed > limits::MAX_MALFORMED_FRAMES {
            return Err(End::Close(CloseCode::ProtocolViolation));
        }
        let FrameError { id, r#ref, code, message } = error;
        self.refuse_with(id.as_deref(), r#ref.as_deref(), &Refusal::new(code, message)).await
    }

    async fn refuse(&mut self, id: Option<&str>, code: ErrorCode, message: &str) -> Result<(), End> {
        self.refuse_for(id, &Refusal::new(code, message)).await
    }

    async fn refuse_for(&mut self, id: Option<&str>, refusal: &Refusal) -> Result<(), End> {
        self.refuse_with(id, None, refusal).await
    }

    async fn refuse_with(&mut self, id: Option<&str>, name: Option<&str>, refusal: &Refusal) -> Result<(), End> {
        let frame = ServerFrame::Error {
            id: id.map(Cow::Borrowed),
            code: refusal.code,
            message: Cow::Borrowed(&refusal.message),
            at: refusal.at,
            hint: refusal.hint.as_deref().map(Cow::Borrowed),
            room: None,
            r#ref: name.map(Cow::Borrowed),
        };
        self.send(&[Frame::from(frame.encode())]).await
    }

    async fn handle(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::Ping { t } => self.send(&[Frame::from(ServerFrame::Pong { t }.encode())]).await,
            ClientFrame::Subscribe(asked) => match self.admit(&asked) {
                Ok(()) => {
                    // Whoever comes while others wait for the source waits with them, if it needs it.
                    let patience = if self.waits() { Duration::ZERO } else { self.patience() };
                    self.subscribe(*asked, patience).await.map(|_| ())
                }
                Err(refusal) => self.refuse_for(Some(&asked.id), &refusal).await,
            },
            ClientFrame::Unsubscribe { id } => match self.subscriptions.remove(&id) {
                Some(Subscription { query, .. }) => {
                    let still = |query| self.subscriptions.values().any(|other| other.query == Some(query));
                    if let Some(query) = query.filter(|query| !still(*query)) {
                        self.session.release(query);
                    }
                    Ok(())
                }
                None => self.refuse(Some(&id), ErrorCode::UnknownId, "there is no subscription of this id").await,
            },
            frame => self.handle_room(&frame).await,
        }
    }

    /// What can be said without looking at what is asked.
    fn admit(&self, asked: &Subscribe) -> Result<(), Refusal> {
        if asked.id.is_empty() || asked.id.len() > MAX_ID_BYTES {
            return Err(Refusal::new(ErrorCode::InvalidId, format!("an id has 1 to {MAX_ID_BYTES} bytes")));
        }
        if self.subscriptions.contains_key(&asked.id) {
            return Err(Refusal::new(ErrorCode::InvalidId, "this id is in use on this connection"));
        }
        let most = self.limits.subscriptions;
        let message = if self.subscriptions.len() >= most {
            format!("a connection has at most {most} subscriptions")
        } else if self.tasks.capacity() <= self.limits.kept_free() {
            "too many subscriptions of this connection wait to be started; ask again in a while".to_owned()
        } else {
            return Ok(());
        };
        self.counters.subscriptions_over_limit.add();
        Err(Refusal::new(ErrorCode::TooManySubscriptions, message))
    }

    /// Begins a subscription, or says why not.
    async fn subscribe(&mut self, asked: Subscribe, patience: Duration) -> Result<Asked, End> {
        let id = asked.id.clone();
        match self.begin(&asked, patience).await {
            Ok(query) => {
                self.subscriptions.insert(id, Subscription { asked, query: Some(query) });
            }
            Err(NotBegun::Refused(refusal)) if refusal.code == ErrorCode::SourceUnavailable => {
                let known = self.subscriptions.insert(id.clone(), Subscription { asked, query: None });
                if known.is_none() {
                    self.refuse_for(Some(&id), &refusal).await?;
                }
                return Ok(Asked::Waits);
            }
            Err(NotBegun::Refused(refusal)) => {
                self.subscriptions.remove(&id);
                self.refuse_for(Some(&id), &refusal).await?;
            }
            Err(NotBegun::End(end)) => return Err(end),
        }
        Ok(Asked::Settled)
    }

    /// How long the source may take to read constants. Nothing is sent or heard meanwhile, so it must not be as long as a
    /// client waits for a sign of life.
    fn patience(&self) -> Duration {
        limits::CONSTANTS_TIMEOUT.min(self.limits.heartbeat / 2)
    }

    /// Asks what has been admitted before, up to the first question that waits for the source: the rest would wait, too,
    /// and nothing is sent or heard meanwhile. It is asked a while later.
    async fn subscribe_all(&mut self, asked: Vec<Subscribe>) -> Result<(), End> {
        for asked in asked {
            if self.subscribe(asked, self.patience()).await? == Asked::Waits {
                break;
            }
        }
        Ok(())
    }

    async fn begin(&mut self, asked: &Subscribe, patience: Duration) -> Result<QueryId, NotBegun> {
        let id = &asked.id;
        let (principal, hub) = (self.session.principal(), self.session.hub());
        let definition = question::define(asked, principal, hub, self.source.source(), patience).await?;
        let key = definition.key.clone();
        let others = &self.subscriptions;
        let query = self.session.hold(definition, |query| {
            let ids = others.iter().filter(|(other, one)| *other != id && one.query == Some(query)).map(|(id, _)| id);
            ids.chain([id]).map(|id| subscribed(id, query, &key, false)).collect()
        });
        let query = query.ok_or_else(|| Refusal::unknown_table(&asked.table))?;
        let start = match &asked.position {
            _ if query.shared => Start::Snapshot { announced: true, not_before: None },
            Some(position) => self.resume(position),
            None => Start::Snapshot { announced: false, not_before: None },
        };
        let (id, definition) = (id.clone(), query.definition);
        let want = Want { id, query: query.id, ticket: query.ticket, definition, start, told: false };
        self.bring_up(Task::Want(want))?;
        Ok(query.id)
    }

    /// Where a client wants to continue; not where somebody else stood, or the same one with other rights.
    fn resume(&self, position: &str) -> Start {
        let (token, rights) = protocol::unstamp(position);
        if rights == self.session.principal().rights() {
            Start::Resume { token: token.to_owned() }
        } else {
            Start::Anew { reason: ResyncReason::RightsChanged }
        }
    }

    /// Hands a task over. One that does not fit ends the connection: were it dropped, a subscription would never start, or
    /// nothing commit any more. The client comes back and asks for all it has, each from its last position, so
    /// nothing is lost by that.
    fn bring_up(&self, task: Task) -> Result<(), End> {
        self.tasks.try_send(task).map_err(|_| End::Close(CloseCode::GoingAway))
    }

    fn waits(&self) -> bool {
        self.subscriptions.values().any(|one| one.query.is_none())
    }

    /// Tries again what the source could not be asked about.
    async fn ask_again(&mut self) -> Result<(), End> {
        if !self.session.hub().is_available() {
            return Ok(());
        }
        let waiting = self.subscriptions.values().filter(|one| one.query.is_none());
        let asked = waiting.map(|one| one.asked.clone()).collect();
        self.subscribe_all(asked).await
    }

    /// The table of a query has another shape: what was asked is asked again, from the start.
    async fn ask_anew(&mut self, query: QueryId) -> Result<(), End> {
        let concerned = self.subscriptions.values_mut().filter(|one| one.query == Some(query));
        let again: Vec<Subscribe> = concerned
            .map(|one| {
                one.query = None;
                one.asked.position = None;
                one.asked.clone()
            })
            .collect();
        self.subscribe_all(again).await
    }

    /// The rows of a query are read anew; the client knows.
    fn read_anew(&mut self, query: QueryId, of: Ticket) -> Result<(), End> {
        let held = self.session.held(query).filter(|(_, ticket)| *ticket == of);
        let Some((definition, ticket)) = held else { return Ok(()) };
        let mut ids = self.subscriptions.iter().filter(|(_, one)| one.query == Some(query));
        let id = ids.next().map_or_else(String::new, |(id, _)| id.clone());
        let not_before = Some(self.session.hub().token());
        let start = Start::Snapshot { announced: true, not_before };
        let want = Want { id, query, ticket, definition, start, told: false };
        self.bring_up(Task::Want(want))
    }

    /// One thing at a time: what the client says, and the time, are not to wait until nothing is left to send.
    async fn send_outbox(&mut self) -> Result<(), End> {
        if let Some((sent, on_its_way)) = self.session.take() {
            match sent {
                Sent::Delivery(delivery) => self.send(&delivery.frames).await?,
                Sent::Ephemeral { frames, .. } => self.send(&frames).await?,
                Sent::Chunk(chunk) => self.send(std::slice::from_ref(&chunk.frame)).await?,
                Sent::Ended { query, code, message } => {
                    let ended = self.subscriptions.extract_if(.., |_, one| one.query == Some(query));
                    let ended: Vec<String> = ended.map(|(id, _)| id).collect();
                    for id in ended {
                        self.refuse(Some(&id), code, &message).await?;
                    }
                }
                Sent::Anew(query, ticket) => self.read_anew(query, ticket)?,
                Sent::Altered(query) => self.ask_anew(query).await?,
                Sent::Closed(code) => return Err(End::Close(code)),
                Sent::Lagged { position, queries } => {
                    tracing::debug!(queries = queries.len(), "lagged");
                    self.bring_up(Task::Lagged { position, queries })?;
                }
            }
            on_its_way.arrived();
        }
        Ok(())
    }

    /// Browsers hide pings from the page, so each beat is a ping for the network and a frame for the page.
    async fn beat(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > self.limits.heartbeat * 2 {
            return Err(End::Close(CloseCode::TimedOut));
        }
        self.session.heartbeat();
        self.deliver(0, async |socket| socket.send(Message::Ping(bytes::Bytes::new())).await).await
    }

    pub(super) async fn send(&mut self, frames: &[Frame]) -> Result<(), End> {
        for frame in frames {
            self.unsent = self.unsent.max(frame.bytes().len());
            let text = Utf8Bytes::try_from(frame.bytes().clone()).expect("frames are made of strings");
            self.deliver(text.len(), async |socket| socket.feed(Message::Text(text)).await).await?;
        }
        self.deliver(self.unsent, async |socket| socket.flush().await).await?;
        self.unsent = 0;
        Ok(())
    }

    /// Sends about so many bytes, unless the client takes nothing for too long.
    async fn deliver(
        &mut self,
        bytes: usize,
        send: impl AsyncFnOnce(&mut W) -> Result<(), axum::Error>,
    ) -> Result<(), End> {
        let before = Instant::now();
        let allowed = limits::SEND_TIMEOUT + Duration::from_secs(bytes as u64 / limits::SLOWEST_NETWORK);
        let sent = tokio::select! {
            biased;
            // Whoever must not know any more is not sent the rest, however slowly they take it.
            () = self.session.ended() => return Err(self.end()),
            () = self.stop.cancelled() => return Err(End::Close(CloseCode::GoingAway)),
            sent = timeout(allowed, send(&mut self.socket)) => sent,
        };
        match sent {
            Ok(Ok(())) => {
                // Nobody listened meanwhile, so it was no silence.
                self.heard += before.elapsed();
                Ok(())
            }
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(CloseCode::TimedOut)),
        }
    }

    /// Why the session has ended.
    fn end(&self) -> End {
        while let Some((sent, _)) = self.session.take() {
            if let Sent::Closed(code) = sent {
                return End::Close(code);
            }
        }
        End::Gone
    }

    async fn close(&mut self, code: CloseCode) {
        let frame = CloseFrame { code: code.code(), reason: Utf8Bytes::from_static(code.reason()) };
        // What the network has been given of a frame comes first.
        let before = (self.unsent + limits::WRITE_BUFFER_BYTES) as u64 / limits::SLOWEST_NETWORK;
        let allowed = limits::CLOSE_TIMEOUT + Duration::from_secs(before).min(limits::SEND_TIMEOUT);
        // Whoever does not take it has been told nothing, and will find out.
        let _ = timeout(allowed, async {
            self.socket.send(Message::Close(Some(frame))).await?;
            // Read on until the client closes too, or unread bytes would make the network drop our last words.
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<(), axum::Error>(())
        })
        .await;
    }
}

/// Of those that are a limit's doing.
fn count(counters: &Counters, code: CloseCode) {
    match code {
        CloseCode::FrameTooLarge => counters.frames_over_size.add(),
        CloseCode::ProtocolViolation => counters.sessions_malformed.add(),
        CloseCode::TimedOut => counters.sessions_timed_out.add(),
        CloseCode::TooFast => counters.sessions_over_rate.add(),
        _ => {}
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<tungstenite::Error>());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}
