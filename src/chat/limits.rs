//! What bounds there are, for whoever sends and for whoever shows.

use std::time::Duration;

/// Characters of a message.
pub const MAX_TEXT: usize = 4_000;
/// Lines of a message.
pub const MAX_LINES: usize = 500;
/// Characters of a room's name.
pub const MAX_NAME: usize = 60;
/// Characters of what a room is about.
pub const MAX_TOPIC: usize = 200;
/// Bytes of the key of a message.
pub const MAX_KEY: usize = 64;
/// People who are named in one message.
pub const MAX_MENTIONS: usize = 20;
/// Messages of one person within a minute.
pub const MAX_A_MINUTE: i64 = 120;
/// Between two changes of one message.
pub const MIN_BETWEEN_EDITS: Duration = Duration::from_secs(1);
/// Messages of one person that wait to be sent, in one browser.
pub const MAX_UNSENT: usize = 100;
/// Characters of the beginning of a message, where it stands for the whole.
pub const MAX_EXCERPT: usize = 140;
/// Characters of what somebody looks for.
pub const MAX_SEARCH: usize = 100;
/// Words of it that count.
pub const MAX_WORDS: usize = 8;
/// Messages that a search finds at most.
pub const MAX_FOUND: u32 = 40;
/// Searches at a time at one server.
pub const MAX_SEARCHES: usize = 2;
/// How long a further search waits for one of them to end.
pub const SEARCH_WAITS: Duration = Duration::from_secs(1);
/// How long the database looks, at most.
pub const SEARCH_PATIENCE: Duration = Duration::from_secs(2);
/// People that are offered at most.
pub const MAX_PEOPLE: i64 = 50;
