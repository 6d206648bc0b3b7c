//! How much the hub holds at most.

use super::view::ViewBounds;

/// Every bound of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes that wait for one session or are on their way to it. A single delivery may be larger, if nothing else waits;
    /// so may what makes queries live, which is shared by all who come from the same position.
    pub outbox_bytes: usize,
    /// Most bytes of changes that wait for all sessions together. Beyond that the fullest outboxes are emptied.
    pub queued_bytes: usize,
    /// Parts of snapshots that are read ahead of the network, for one session.
    pub chunks_ahead: usize,
    /// Most bytes of row text that the ring keeps.
    pub ring_bytes: usize,
    /// Most changes that the ring keeps.
    pub ring_changes: usize,
    /// Most changes that are folded for a query that becomes live, while everybody else waits. Of more, most are folded before.
    pub folded_in_place: usize,
    /// What one window or one query of totals keeps.
    pub view: ViewBounds,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            outbox_bytes: 1024 * 1024,
            queued_bytes: 256 * 1024 * 1024,
            chunks_ahead: 2,
            ring_bytes: 32 * 1024 * 1024,
            ring_changes: 100_000,
            folded_in_place: 200,
            view: ViewBounds::default(),
        }
    }
}
