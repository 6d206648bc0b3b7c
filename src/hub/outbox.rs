//! What one session has yet to be sent: a queue with a bound.
//!
//! When it is full it is emptied, and the session is told that it has *lagged*: it is brought up again from the position
//! that it was last sent, with one net change per row, however much it missed. Nothing is lost and nothing grows.
//!
//! What is said in rooms is *ephemeral*: it takes at most half of the queue, commits nothing, and is left alone when the
//! queue is emptied of rows. What does not fit is dropped, and with it all that follows about the same room, until there is
//! room to say so and to tell anew who is there.

use super::{
    QueryId, Ticket,
    flow::Flow,
    meter::{Meter, Weighed},
    rooms::RoomName,
};
use crate::protocol::{CloseCode, ErrorCode, ServerFrame, Token};
use bytes::Bytes;
use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// What is said in rooms takes one part in so many of the queue, so that it does not push out rows.
const EPHEMERAL_SHARE: usize = 2;

/// One encoded text frame, shared by all who get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    text: Bytes,
    /// The query whose rows are in it, if there are any.
    rows_of: Option<QueryId>,
}

impl Frame {
    /// One with rows of a query in it.
    pub(super) fn of_rows(query: QueryId, text: String) -> Self {
        Self { text: text.into(), rows_of: Some(query) }
    }

    /// One that commits.
    pub(super) fn commit(position: &Token) -> Self {
        ServerFrame::Commit { position: Cow::Owned(position.to_string()) }.encode().into()
    }

    /// The UTF-8 text of the frame.
    pub fn bytes(&self) -> &Bytes {
        &self.text
    }

    /// The same text, which is counted as long as somebody has to send it.
    pub(super) fn weighed(self, meter: &Arc<Meter>) -> Self {
        Self { text: Bytes::from_owner::<Weighed>(meter.weigh(self.text)), ..self }
    }

    /// The same text, which gives its room back when the last who has it lets go of it.
    pub fn held(self, room: OwnedSemaphorePermit) -> Self {
        Self { text: Bytes::from_owner(Held { text: self.text, _room: room }), ..self }
    }
}

struct Held {
    text: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        Self { text: text.into(), rows_of: None }
    }
}

/// Frames that belong together; the last of them commits, if there is a position.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// In the order to send them.
    pub frames: Arc<[Frame]>,
    /// Where the session stands once they are sent.
    pub position: Option<Token>,
    /// Nothing can take its place, as when it makes queries live: it is kept when the queue is emptied.
    pub(super) pinned: bool,
}

impl Delivery {
    fn bytes(&self) -> usize {
        bytes_of(&self.frames)
    }

    /// Takes out the rows of a query, in whose place `instead` is put if it is still there. It commits as before.
    fn drop_rows(&mut self, query: QueryId, instead: &mut Option<Frame>) {
        let has_rows = |frame: &Frame| frame.rows_of == Some(query);
        if !self.frames.iter().any(has_rows) {
            return;
        }
        let committed = self.position.as_ref().filter(|_| self.frames.last().is_some_and(has_rows));
        let kept =
            self.frames.iter().filter_map(|frame| if has_rows(frame) { instead.take() } else { Some(frame.clone()) });
        self.frames = kept.chain(committed.map(Frame::commit)).collect();
    }
}

fn bytes_of(frames: &[Frame]) -> usize {
    frames.iter().map(|frame| frame.bytes().len()).sum()
}

/// What comes before a query is live, such as part of its snapshot. In the same queue as everything else, because a
/// client understands frames only in the order in which they were meant.
#[derive(Debug)]
pub struct Chunk {
    pub(super) query: QueryId,
    /// A use that has ended meanwhile, or started over, wants it no more.
    pub(super) ticket: Ticket,
    /// The frame to send.
    pub frame: Frame,
    /// Bounds how many wait; given back when the frame has been sent.
    pub(super) _room: OwnedSemaphorePermit,
}

/// What the sender of a session finds in its outbox.
#[derive(Debug)]
pub enum Sent {
    /// Frames to send.
    Delivery(Delivery),
    /// One frame to send.
    Chunk(Chunk),
    /// Frames to send that commit nothing and stand in nobody's way: what is said in a room, or to a person.
    Ephemeral {
        /// Which room they are about.
        room: Option<RoomName>,
        /// In the order to send them.
        frames: Arc<[Frame]>,
    },
    /// The hub ended a query: its subscribers are to be told.
    Ended {
        /// Which query.
        query: QueryId,
        /// For programs.
        code: ErrorCode,
        /// For people.
        message: String,
    },
    /// The rows of this query must be read anew for this use of it; its subscribers have been told.
    Anew(QueryId, Ticket),
    /// The table of this query has changed its shape: whoever asked must ask again. Its subscribers have been told.
    Altered(QueryId),
    /// The session is over: whoever it is is not, or not any more, who they were.
    Closed(CloseCode),
    /// The session fell behind: these queries, which were live, must be brought up from this position.
    Lagged {
        /// What the session was last sent.
        position: Token,
        /// Queries that were live.
        queries: Vec<QueryId>,
    },
}

impl Sent {
    fn bytes(&self) -> usize {
        match self {
            Self::Delivery(delivery) => delivery.bytes(),
            Self::Chunk(chunk) => chunk.frame.bytes().len(),
            Self::Ephemeral { frames, .. } => bytes_of(frames),
            Self::Ended { .. } | Self::Anew(..) | Self::Altered(_) | Self::Closed(_) | Self::Lagged { .. } => 0,
        }
    }

    fn frames(&self) -> usize {
        match self {
            Self::Delivery(delivery) => delivery.frames.len(),
            Self::Chunk(_) => 1,
            Self::Ephemeral { frames, .. } => frames.len(),
            Self::Ended { .. } | Self::Anew(..) | Self::Altered(_) | Self::Closed(_) | Self::Lagged { .. } => 0,
        }
    }

    fn pinned(&self) -> bool {
        match self {
            Self::Delivery(delivery) => delivery.pinned,
            Self::Ephemeral { .. } => false,
            Self::Chunk(_)
            | Self::Ended { .. }
            | Self::Anew(..)
            | Self::Altered(_)
            | Self::Closed(_)
            | Self::Lagged { .. } => true,
        }
    }
}

/// Something that waits, and since when.
#[derive(Debug)]
struct Waiting {
    sent: Sent,
    since: Instant,
    /// Whether it is changes of rows, which began to wait when they were made.
    measured: bool,
}

impl Waiting {
    /// It begins to wait.
    fn now(sent: Sent) -> Self {
        Self { sent, since: Instant::now(), measured: false }
    }
}

/// What was taken out of an outbox and has not been sent.
#[derive(Debug, Default)]
struct Way {
    bytes: AtomicUsize,
    /// Since when the oldest of it waits.
    since: Mutex<Option<Instant>>,
    flow: Arc<Flow>,
}

impl Way {
    fn set_since(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// Counts what was taken out of an outbox until it has been sent.
#[derive(Debug)]
pub struct OnItsWay {
    bytes: usize,
    frames: usize,
    since: Instant,
    measured: bool,
    way: Arc<Way>,
}

impl OnItsWay {
    fn new(waiting: &Waiting, way: &Arc<Way>) -> Self {
        let bytes = waiting.sent.bytes();
        way.bytes.fetch_add(bytes, Ordering::Relaxed);
        way.set_since(Some(waiting.since));
        let (frames, since, measured) = (waiting.sent.frames(), waiting.since, waiting.measured);
        Self { bytes, frames, since, measured, way: way.clone() }
    }

    /// It has been handed to the network, and not only given up.
    pub fn arrived(self) {
        let took = self.measured.then(|| self.since.elapsed());
        self.way.flow.went(self.frames, self.bytes, took);
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.way.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.way.set_since(None);
    }
}

/// What a session has yet to be sent, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Frames that wait.
    pub frames: usize,
    /// Bytes that wait, or are on their way.
    pub bytes: usize,
    /// How long the oldest of that has waited.
    pub waited: Duration,
}

/// The queue of one session.
#[derive(Debug)]
pub struct Outbox {
    queue: VecDeque<Waiting>,
    max_bytes: usize,
    bytes: usize,
    /// What has been taken and not yet been sent.
    on_its_way: Arc<Way>,
    /// The position of the last delivery that was taken out.
    sent: Token,
    /// Set from lagging until the session has been told, even if none of the queries is left by then: it counts on
    /// being told.
    lagged: Option<Vec<QueryId>>,
    /// Rooms about which something was dropped, and nothing has been queued since; none: what was said to the person. With the bytes
    /// that it took to tell anew, if that was found to be too much.
    missed: BTreeMap<Option<RoomName>, usize>,
    filled: Arc<Notify>,
}

impl Outbox {
    pub(super) fn new(position: Token, max_bytes: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            max_bytes,
            bytes: 0,
            on_its_way: Arc::default(),
            sent: position,
            lagged: None,
            missed: BTreeMap::new(),
            filled: Arc::new(Notify::new()),
        }
    }

    /// The same, and what is sent is counted there.
    pub(super) fn counted_in(mut self, flow: &Arc<Flow>) -> Self {
        self.on_its_way = Arc::new(Way { flow: flow.clone(), ..Way::default() });
        self
    }

    /// How long the oldest of what waits has waited, and how much waits, in bytes.
    pub(super) fn load(&self, now: Instant) -> (Duration, usize) {
        let way = &self.on_its_way;
        let taken = *way.since.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = taken.into_iter().chain(self.queue.front().map(|waiting| waiting.since)).min();
        let waited = oldest.map(|oldest| now.saturating_duration_since(oldest)).unwrap_or_default();
        (waited, self.bytes + way.bytes.load(Ordering::Relaxed))
    }

    /// The same, and how many frames wait.
    pub(super) fn backlog(&self, now: Instant) -> Backlog {
        let (waited, bytes) = self.load(now);
        Backlog { frames: self.queue.iter().map(|waiting| waiting.sent.frames()).sum(), bytes, waited }
    }

    /// Signalled whenever there is something to take.
    pub(super) fn filled(&self) -> Arc<Notify> {
        self.filled.clone()
    }

    /// Whether one more delivery fits beside what waits and what is on its way. If nothing waits it may be of any size.
    pub(super) fn has_room(&self, delivery: &Delivery) -> bool {
        let on_its_way = self.on_its_way.bytes.load(Ordering::Relaxed);
        let fits = self.bytes + on_its_way + delivery.bytes() <= self.max_bytes;
        fits || self.queue.is_empty() && on_its_way <= self.max_bytes
    }

    pub(super) fn push(&mut self, delivery: Delivery) {
        self.put(Sent::Delivery(delivery));
    }

    /// The same for changes of rows that were made then.
    pub(super) fn push_changes(&mut self, delivery: Delivery, since: Instant) {
        self.put_since(Waiting { sent: Sent::Delivery(delivery), since, measured: true });
    }

    pub(super) fn chunk(&mut self, chunk: Chunk) {
        self.put(Sent::Chunk(chunk));
    }

    /// Queues the end of a query.
    pub(super) fn end(&mut self, query: QueryId, code: ErrorCode, message: String) {
        self.lagged.iter_mut().for_each(|lagged| lagged.retain(|lagged| *lagged != query));
        self.put(Sent::Ended { query, code, message });
    }

    /// Queues that a query starts over; `resync` tells its subscribers, before anything that comes later is committed.
    pub(super) fn anew(&mut self, query: QueryId, ticket: Ticket, resync: Frame) {
        self.put(Sent::Delivery(Delivery { frames: [resync].into(), position: None, pinned: true }));
        self.put(Sent::Anew(query, ticket));
    }

    /// Queues that a query must be asked for again; `resync` tells its subscribers, before anything that comes later is
    /// committed. Its rows that still wait may be more than its subscribers may see by now: they are not sent, and what they would have
    /// been committed with says that they are missing.
    pub(super) fn altered(&mut self, query: QueryId, resync: Frame) {
        let mut instead = Some(resync);
        for waiting in &mut self.queue {
            if let Sent::Delivery(delivery) = &mut waiting.sent {
                delivery.drop_rows(query, &mut instead);
            }
        }
        self.queue.retain(|waiting| !matches!(&waiting.sent, Sent::Chunk(chunk) if chunk.query == query));
        self.weigh_again();
        self.lagged.iter_mut().for_each(|lagged| lagged.retain(|lagged| *lagged != query));
        if let Some(resync) = instead {
            self.put(Sent::Delivery(Delivery { frames: [resync].into(), position: None, pinned: true }));
        }
        // Pinned, and so is all that is before it.
        self.put(Sent::Altered(query));
    }

    /// Queues what is said in a room, if there is room for it. Nothing follows what was dropped before that is told.
    pub(super) fn tell(&mut self, room: Option<RoomName>, frame: Frame) {
        if self.missed.contains_key(&room) || !self.has_ephemeral_room(frame.bytes().len()) {
            self.missed.entry(room).or_default();
            self.filled.notify_one();
            return;
        }
        self.put(Sent::Ephemeral { room, frames: [frame].into() });
    }

    /// Forgets what is queued about a room, because it was left, or all of it is told anew.
    pub(super) fn forget(&mut self, name: &RoomName) {
        self.queue.retain(|waiting| !matches!(&waiting.sent, Sent::Ephemeral { room: Some(room), .. } if room == name));
        self.weigh_again();
        self.missed.remove(&Some(name.clone()));
    }

    /// Queues, for each room about which something was dropped, what `anew` makes of it, as far as there is room: always for
    /// one if nothing else waits.
    pub(super) fn make_up(&mut self, mut anew: impl FnMut(Option<&RoomName>) -> Vec<Frame>) {
        for (room, bytes) in std::mem::take(&mut self.missed) {
            // A whole room is not encoded again and again only to see that it does not fit. It may have become smaller since.
            if !self.has_ephemeral_room(bytes) {
                self.missed.insert(room, bytes - bytes / 8);
                continue;
            }
            let frames = anew(room.as_ref());
            let bytes = bytes_of(&frames);
            if !self.has_ephemeral_room(bytes) {
                self.missed.insert(room, bytes);
            } else if !frames.is_empty() {
                self.put(Sent::Ephemeral { room, frames: frames.into() });
            }
        }
    }

    fn has_ephemeral_room(&self, bytes: usize) -> bool {
        self.queue.is_empty() || self.bytes + bytes <= self.max_bytes / EPHEMERAL_SHARE
    }

    /// Drops everything: what waits may be more than the client may know by now.
    pub(super) fn close(&mut self, code: CloseCode) {
        self.queue.clear();
        self.bytes = 0;
        self.lagged = None;
        self.missed.clear();
        self.put(Sent::Closed(code));
    }

    /// Drops the rows that wait behind the last pinned delivery; `queries` were live and must be brought up again.
    pub(super) fn lag(&mut self, queries: impl IntoIterator<Item = QueryId>) {
        let kept = self.queue.iter().rposition(|waiting| waiting.sent.pinned()).map_or(0, |index| index + 1);
        let behind = self.queue.split_off(kept);
        self.queue.extend(behind.into_iter().filter(|waiting| matches!(waiting.sent, Sent::Ephemeral { .. })));
        self.weigh_again();
        self.lagged.get_or_insert_default().extend(queries);
        self.filled.notify_one();
    }

    /// Drops all that was said in rooms and to the person, to tell later that something was missed.
    pub(super) fn silence(&mut self) {
        for waiting in std::mem::take(&mut self.queue) {
            match waiting.sent {
                Sent::Ephemeral { room, .. } => {
                    self.missed.entry(room).or_default();
                }
                sent => self.queue.push_back(Waiting { sent, ..waiting }),
            }
        }
        self.weigh_again();
        self.filled.notify_one();
    }

    /// Bytes that lagging and silence would drop.
    pub(super) fn droppable(&self) -> usize {
        self.queue.iter().rev().map(|waiting| &waiting.sent).take_while(|sent| !sent.pinned()).map(Sent::bytes).sum()
    }

    pub(super) fn take(&mut self) -> Option<(Sent, OnItsWay)> {
        let waiting = self.take_lagged().map(Waiting::now).or_else(|| self.queue.pop_front())?;
        self.bytes -= waiting.sent.bytes();
        if let Sent::Delivery(Delivery { position: Some(position), .. }) = &waiting.sent {
            self.sent = position.clone();
        }
        if !self.queue.is_empty() || self.lagged.is_some() || !self.missed.is_empty() {
            self.filled.notify_one();
        }
        let on_its_way = OnItsWay::new(&waiting, &self.on_its_way);
        Some((waiting.sent, on_its_way))
    }

    /// That the session lagged, when all rows that it still gets have been taken. What is said in rooms, of which there may be no end,
    /// does not delay that.
    fn take_lagged(&mut self) -> Option<Sent> {
        let is_said = |waiting: &Waiting| matches!(waiting.sent, Sent::Ephemeral { .. });
        let queries = self.lagged.take_if(|_| self.queue.iter().all(is_said))?;
        Some(Sent::Lagged { position: self.sent.clone(), queries })
    }

    fn put(&mut self, sent: Sent) {
        self.put_since(Waiting::now(sent));
    }

    fn put_since(&mut self, waiting: Waiting) {
        self.bytes += waiting.sent.bytes();
        self.queue.push_back(waiting);
        self.filled.notify_one();
    }

    fn weigh_again(&mut self) {
        self.bytes = self.queue.iter().map(|waiting| waiting.sent.bytes()).sum();
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
