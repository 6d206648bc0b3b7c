//! How much of everything there may be.

use std::time::Duration;

/// Longest name of a stream, in bytes; the table has the same bound.
pub(super) const STREAM_BYTES: usize = 200;
/// Longest name of an event's type, in bytes; the table has the same bound.
pub(super) const TYPE_BYTES: usize = 100;
/// How deeply the data of an event may be nested. What reads JSON ends at 128.
pub(super) const DATA_DEPTH: usize = 100;
/// Most bytes of an event's data, as JSON text.
pub(super) const DATA_BYTES: usize = 1024 * 1024;
/// Most bytes of each of the texts that are said about an event.
pub(super) const METADATA_BYTES: usize = 1_000;
/// Most events that are appended at once.
pub(super) const EVENTS_AT_ONCE: usize = 1_000;
/// Events of a stream that are read at once.
pub(super) const PAGE: i64 = 500;
/// From so many events on that were read for it, what a stream has come to is kept.
pub(super) const SNAPSHOT_EVERY: i64 = 100;
/// Events that are folded into a projection at once.
pub(super) const FOLDED_AT_ONCE: i64 = 500;
/// A rebuild of which nothing was heard for so long is dead.
pub(super) const REBUILD_LEASE: Duration = Duration::from_secs(60);
/// How often a rebuild tries to hold its projection for a moment.
pub(super) const HOLD_TRIES: u32 = 40;
