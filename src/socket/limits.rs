//! Every bound and interval of a session.

use std::time::Duration;

/// Read buffer of one connection, in bytes. The library's default is 128 KiB for each of them.
pub(super) const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Write buffer of one connection, in bytes: what is in it goes out even when nothing more may. The library's default is 128 KiB.
pub(super) const WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// Malformed frames in a row after which a connection ends.
pub(super) const MAX_MALFORMED_FRAMES: u32 = 50;
/// More than [`Limits::subscriptions`], that the server itself may have to bring up.
const SPARE: usize = 28;
/// Frames about rooms that one connection may send in a second, on the whole.
pub(super) const ROOM_FRAMES_PER_SECOND: u32 = 20;
/// Frames about rooms that one connection may send at once, after a silence.
pub(super) const ROOM_FRAMES_AT_ONCE: u32 = 60;
/// How long the source may take to read the constants of a filter, before they are tried again.
pub const CONSTANTS_TIMEOUT: Duration = Duration::from_secs(2);
/// How often to try again what the source could not be asked about.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Subscriptions that arrive within this time become live together.
pub(super) const GATHER: Duration = Duration::from_millis(2);
/// How long a client may take nothing before the connection ends; for a frame it is longer by what the frame takes on the
/// slowest network that is served.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// The slowest network that is served, in bytes per second.
pub(super) const SLOWEST_NETWORK: u64 = 16 * 1024;
/// How long a client may take to answer that the connection is closed; longer by what still has to be sent before that.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two looks whether an open session's person is still who they were.
pub(super) const RECHECK: Duration = Duration::from_secs(60);
/// Most bytes of frames that are kept for those who are slow to take them, over all snapshots and catch-ups together. One
/// snapshot may have a quarter of what is left.
pub(super) const KEPT_BYTES: usize = 128 * 1024 * 1024;
/// Frames that a client may be behind the read of a table that is too large to be kept: about 1 MiB.
pub(super) const STREAM_WINDOW: usize = 16;
/// How long such a read waits for one client at a time.
pub(super) const STREAM_PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits in all, beyond the time that its bytes take at the slowest pace.
pub(super) const STREAM_GRACE: Duration = Duration::from_secs(5);
/// The slowest pace of such a read, in bytes per second.
pub(super) const STREAM_SLOWEST: u64 = 1024 * 1024;
/// Times that a client may be left behind by the read of a large table before it is told that this is too much for it.
pub(super) const MAX_LEFT_BEHIND: u32 = 3;
/// Times that what a query missed is folded before it becomes live; what came while that was done is folded in place after so
/// many.
pub(super) const MAX_FOLDS: u32 = 3;
/// Tries to read a table whose schema has changed, before the hub hears of it.
pub(super) const MAX_ALTERED: u32 = 50;
/// Between two tries to read from a database that does not answer: doubles from the first to the last.
pub(super) const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// What a configuration may change about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At least this often something is sent. A client that has not been heard for twice as long is gone.
    pub heartbeat: Duration,
    /// Subscriptions of one connection.
    pub subscriptions: usize,
    /// Longest frame that is read from a client, in bytes.
    pub frame_bytes: usize,
    /// Frames of a client per second, on average.
    pub frames_per_second: u32,
    /// Frames of a client at once, after it was quiet; and how many may be refused before the connection ends.
    pub frames_at_once: u32,
}

impl Limits {
    /// Subscriptions of one connection that wait to be brought up, some of which may have ended again.
    pub(super) fn waiting(&self) -> usize {
        2 * self.kept_free()
    }

    /// Of these, so many are kept for what the server itself must bring up.
    pub(super) fn kept_free(&self) -> usize {
        self.subscriptions + SPARE
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(15),
            subscriptions: 100,
            frame_bytes: 64 * 1024,
            frames_per_second: 100,
            frames_at_once: 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Limits, MAX_MALFORMED_FRAMES, RECHECK, ROOM_FRAMES_AT_ONCE, ROOM_FRAMES_PER_SECOND, SEND_TIMEOUT,
        STREAM_SLOWEST,
    };
    use crate::hub::filter::{MAX_BRACKETS, MAX_LIST, MAX_PARAMETERS, MAX_TEXT, MAX_TOKENS, MAX_VALUE};
    use crate::hub::rooms::{
        BEAT, CHUNK_MEMBERS, GRACE, LEASE, MAX_CLIENT_BYTES, MAX_EVENT_BYTES, MAX_MEMBERS, MAX_PAYLOAD_BYTES,
        MAX_ROOM_BYTES, MAX_ROOMS, MAX_STATE_BYTES, WINDOW,
    };
    use crate::hub::{MAX_FRAME_ROWS_BYTES, MAX_LIMIT, MAX_ORDER_COLUMNS, MAX_TOTAL_COLUMNS, ViewBounds};

    #[test]
    fn the_documented_limits_of_a_connection_are_the_programs() {
        let document = include_str!("../protocol/PROTOCOL.md");
        let limits = Limits::default();
        for (limit, value) in [
            ("bytes of a client's frame", limits.frame_bytes),
            ("malformed frames in a row", MAX_MALFORMED_FRAMES as usize),
            ("subscriptions of a connection", limits.subscriptions),
            ("frames of a connection per second", limits.frames_per_second as usize),
            ("frames of a connection at once", limits.frames_at_once as usize),
            ("bytes of a `where`", MAX_TEXT),
            ("words and signs of a `where`", MAX_TOKENS),
            ("brackets within brackets", MAX_BRACKETS),
            ("`params`", MAX_PARAMETERS),
            ("values in a list", MAX_LIST),
            ("bytes of a value in a filter", MAX_VALUE),
            ("`limit` of a window", MAX_LIMIT as usize),
            ("columns of an `order`", MAX_ORDER_COLUMNS),
            ("columns of totals", MAX_TOTAL_COLUMNS),
            ("groups of totals", ViewBounds::default().groups),
            ("seconds until an expired credential ends its connections", RECHECK.as_secs() as usize),
            ("seconds that a client may take nothing", SEND_TIMEOUT.as_secs() as usize),
            ("bytes per second of a snapshot that is too large to be kept for its clients", STREAM_SLOWEST as usize),
            ("bytes of row text in a server's frame, unless one row alone has more", MAX_FRAME_ROWS_BYTES),
            ("rooms of a connection", MAX_ROOMS),
            ("members of a room", MAX_MEMBERS),
            ("members in a frame", CHUNK_MEMBERS),
            ("bytes of a room's name", MAX_ROOM_BYTES),
            ("bytes of an `event`", MAX_EVENT_BYTES),
            ("bytes of a `client`", MAX_CLIENT_BYTES),
            ("bytes of a `state`", MAX_STATE_BYTES),
            ("bytes of a `payload`", MAX_PAYLOAD_BYTES),
            ("frames about rooms at once", ROOM_FRAMES_AT_ONCE as usize),
            ("frames about rooms a second", ROOM_FRAMES_PER_SECOND as usize),
            ("milliseconds in which presence gathers", WINDOW.as_millis() as usize),
            ("seconds that a lost page stays in its rooms", GRACE.as_secs() as usize),
            ("seconds after which a silent server's pages are gone", (LEASE + BEAT).as_secs() as usize),
        ] {
            let row = format!("| {limit} | {value} |");
            assert!(document.contains(&row), "{row}");
        }
    }
}
