//! Every bound and interval of rooms.

use std::time::Duration;

/// Longest name of a room, in bytes.
pub const MAX_ROOM_BYTES: usize = 100;
/// Longest name of an event, in bytes.
pub const MAX_EVENT_BYTES: usize = 64;
/// Longest name that a page makes up for itself, in bytes.
pub const MAX_CLIENT_BYTES: usize = 64;
/// Longest state of a page in a room, in bytes of JSON.
pub const MAX_STATE_BYTES: usize = 1024;
/// Longest payload, in bytes of JSON.
pub const MAX_PAYLOAD_BYTES: usize = 16 * 1024;
/// Rooms that one session may be in.
pub const MAX_ROOMS: usize = 50;
/// Members of one room.
pub const MAX_MEMBERS: usize = 5_000;
/// Members in one frame.
pub const CHUNK_MEMBERS: usize = 200;
/// Bytes of states after which a frame of members is full.
pub(super) const CHUNK_BYTES: usize = 48 * 1024;
/// For so long changes of a room gather, so that a thousand who come are not a million frames.
pub const WINDOW: Duration = Duration::from_millis(50);
/// For so long a page that was lost stays, so that one that comes back has not been away.
pub const GRACE: Duration = Duration::from_secs(5);
/// How often nodes let each other hear something.
pub const BEAT: Duration = Duration::from_secs(1);
/// A node that was not heard for so long is gone, and whom it held with it.
pub const LEASE: Duration = Duration::from_secs(4);
/// Words that wait for the other nodes.
pub const MAX_OUTGOING: usize = 10_000;
/// Bytes of words that wait for the other nodes.
pub const MAX_OUTGOING_BYTES: usize = 8 * 1024 * 1024;
/// Longest word of a node, in bytes. What nodes have to say is cut into words of about 48 KiB.
pub const MAX_WORD_BYTES: usize = 256 * 1024;
/// Other nodes that are known at a time.
pub const MAX_NODES: usize = 100;
/// Longest name of a node, in bytes.
pub(super) const MAX_NODE_BYTES: usize = 64;
/// Longest name of a person, in bytes: a hundred letters of any script.
pub(super) const MAX_NAME_BYTES: usize = 400;
/// Highest version of a state that another node may name. Nobody changes a state so often.
pub(super) const MAX_VERSION: u64 = 1 << 53;
/// Pages in rooms that sessions of this node hold, each counted once for every room.
pub const MAX_OWN_MEMBERS: usize = 200_000;
/// Members of one room that other nodes may bring it to: two that fill it up at the same time do not know of each other.
pub const MAX_HEARD_MEMBERS: usize = 2 * MAX_MEMBERS;
/// What the members that other nodes hold may take, in bytes.
pub const MAX_HEARD_BYTES: usize = 256 * 1024 * 1024;
/// What a member takes beside its state, in bytes: names, and its places in the room.
pub(super) const MEMBER_BYTES: usize = 1024;
/// Between two times that a node tells all it has, however often it is asked.
pub(super) const TELL_AGAIN: Duration = Duration::from_millis(500);
/// Rules that are kept of who may join what.
pub const MAX_RULES: usize = 1_000;

/// As the numbers that a tick is given.
pub(super) fn ms(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)
}
