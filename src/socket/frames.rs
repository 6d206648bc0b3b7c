//! The frames that bring a subscription up.

use super::limits;
use crate::{
    hub::{Frame, QueryId},
    protocol::ServerFrame,
};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The frame that accepts a subscription.
pub(super) fn subscribed(id: &str, query: QueryId, key: &[String], resumed: bool) -> Frame {
    Frame::from(ServerFrame::Subscribed { id: Cow::Borrowed(id), query, key: Cow::Borrowed(key), resumed }.encode())
}

/// The rows of a snapshot, cut into frames.
#[derive(Debug)]
pub(super) struct Chunks {
    query: QueryId,
    rows: Vec<Box<RawValue>>,
    bytes: usize,
}

impl Chunks {
    pub(super) fn new(query: QueryId) -> Self {
        Self { query, rows: Vec::new(), bytes: 0 }
    }

    /// Adds a row. Returns a frame of those before it, if they fill one.
    pub(super) fn push(&mut self, row: Box<RawValue>) -> Option<Frame> {
        let full = !self.rows.is_empty()
            && (self.rows.len() >= limits::CHUNK_ROWS || self.bytes + row.get().len() > limits::CHUNK_BYTES);
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
    pub(super) fn last(self) -> Frame {
        self.frame(false)
    }

    fn frame(&self, more: bool) -> Frame {
        let rows = self.rows.iter().map(Box::as_ref).collect();
        Frame::from(ServerFrame::Snapshot { query: self.query, rows, more, position: None }.encode())
    }
}
