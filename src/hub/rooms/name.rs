//! What a room may be called.

use super::MAX_ROOM_BYTES;
use std::sync::Arc;

/// The name of a room, shared by all who mention it.
pub type RoomName = Arc<str>;

/// Whether a room may have this name: letters, digits and `_ . : / -`, so that a rule's `*` and `$` are never part of one.
pub(super) fn is_name(text: &str) -> bool {
    (1..=MAX_ROOM_BYTES).contains(&text.len()) && text.bytes().all(is_sign)
}

pub(super) fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_of_a_few_signs_and_not_too_long() {
        for name in ["a", "chat:general", "user:5", "orders/17", "user:token:3", "a_b.c-d"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "chat:*", "user:$user.id", "a b", "ä", "a\n", "a\u{0}", &"x".repeat(101)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
