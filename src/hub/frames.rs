//! The frames that bring a subscription up.

use super::{Frame, QueryId};
use crate::protocol::ServerFrame;
use serde_json::value::RawValue;
use std::{borrow::Cow, ops::Deref};

/// Rows in one frame of a snapshot.
const CHUNK_ROWS: usize = 500;
/// Bytes of row text after which a frame of a snapshot is full.
const CHUNK_BYTES: usize = 64 * 1024;

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
        let full =
            !self.rows.is_empty() && (self.rows.len() >= CHUNK_ROWS || self.bytes + row.get().len() > CHUNK_BYTES);
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
        Frame::from(ServerFrame::Snapshot { query: self.query, rows, more, position: None }.encode())
    }
}
