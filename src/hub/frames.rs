//! The frames that carry rows: snapshots and changes, cut so that none is large.

use super::{Frame, QueryId, Shown, meter::Meter};
use crate::protocol::ServerFrame;
use serde_json::value::RawValue;
use std::{borrow::Cow, ops::Deref, sync::Arc};

/// Rows in one frame of a snapshot.
const CHUNK_ROWS: usize = 500;
/// Most bytes of row text in one frame. Only a single row may have more.
pub const MAX_FRAME_ROWS_BYTES: usize = 64 * 1024;

/// The frame that accepts a subscription.
pub fn subscribed(id: &str, query: QueryId, key: &[String], resumed: bool) -> Frame {
    Frame::from(ServerFrame::Subscribed { id: Cow::Borrowed(id), query, key: Cow::Borrowed(key), resumed }.encode())
}

/// The rows of a snapshot, cut into frames. A row is anything that can be looked at as JSON.
#[derive(Debug)]
pub struct Chunks<R> {
    query: QueryId,
    rows: Vec<R>,
    bytes: usize,
}

impl<R: Deref<Target = RawValue>> Chunks<R> {
    /// No rows yet.
    pub fn new(query: QueryId) -> Self {
        Self { query, rows: Vec::new(), bytes: 0 }
    }

    /// Adds a row. Returns a frame of those before it, if they fill one.
    pub fn push(&mut self, row: R) -> Option<Frame> {
        let full = !self.rows.is_empty()
            && (self.rows.len() >= CHUNK_ROWS || self.bytes + row.get().len() > MAX_FRAME_ROWS_BYTES);
        let frame = full.then(|| self.frame(true));
        if full {
            self.rows.clear();
            self.bytes = 0;
        }
        self.bytes += row.get().len();
        self.rows.push(row);
        frame
    }

    /// The frame that completes the snapshot.
    pub fn last(self) -> Frame {
        self.frame(false)
    }

    fn frame(&self, more: bool) -> Frame {
        let rows = self.rows.iter().map(Deref::deref).collect();
        Frame::of_rows(self.query, ServerFrame::Snapshot { query: self.query, rows, more, position: None }.encode())
    }
}

/// The changes of a query in frames, none of which commits.
pub(super) fn changes(query: QueryId, shown: &[Shown]) -> Vec<Frame> {
    parts(shown).into_iter().map(|part| changes_frame(query, part, None)).collect()
}

/// The changes of a query to those who commit with them and those who do not: all frames but the last are the same.
#[derive(Debug)]
pub(super) struct ChangeFrames<'a> {
    query: QueryId,
    first: Vec<Frame>,
    rest: &'a [Shown],
    plain: Option<Frame>,
    /// Counts them as long as somebody has to send them.
    meter: Arc<Meter>,
}

impl<'a> ChangeFrames<'a> {
    pub(super) fn new(query: QueryId, shown: &'a [Shown], meter: &Arc<Meter>) -> Self {
        let mut parts = parts(shown);
        let rest = parts.pop().unwrap_or_default();
        Self {
            query,
            first: parts.into_iter().map(|part| changes_frame(query, part, None).weighed(meter)).collect(),
            rest,
            plain: None,
            meter: meter.clone(),
        }
    }

    pub(super) fn plain(&mut self) -> impl Iterator<Item = Frame> {
        let last =
            self.plain.get_or_insert_with(|| changes_frame(self.query, self.rest, None).weighed(&self.meter)).clone();
        self.first.iter().cloned().chain([last])
    }

    pub(super) fn committing(&self, token: &str) -> impl Iterator<Item = Frame> {
        self.first.iter().cloned().chain([changes_frame(self.query, self.rest, Some(token)).weighed(&self.meter)])
    }
}

fn changes_frame(query: QueryId, shown: &[Shown], position: Option<&str>) -> Frame {
    let changes = shown.iter().map(Shown::change).collect();
    Frame::of_rows(query, ServerFrame::Changes { query, changes, position: position.map(Cow::Borrowed) }.encode())
}

/// What fits into one frame each; nothing of nothing.
fn parts(shown: &[Shown]) -> Vec<&[Shown]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, one) in shown.iter().enumerate() {
        if at > start && bytes + one.bytes() > MAX_FRAME_ROWS_BYTES {
            parts.push(&shown[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += one.bytes();
    }
    if start < shown.len() {
        parts.push(&shown[start..]);
    }
    parts
}
