//! What the other nodes have yet to be told, bounded.
//!
//! When it is full, words are dropped and counted. What was dropped about members is made up for by telling all of them anew,
//! once everything before has gone out; a message that was dropped is lost to the other nodes.

use super::{
    CHUNK_BYTES, MAX_OUTGOING, MAX_OUTGOING_BYTES,
    word::{Carried, Crowd, Sealed, Word},
};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::VecDeque;

/// What the names of its fields take of a word about a member, in bytes, and of one about a room.
const MEMBER_WORD_BYTES: usize = 64;
const ROOM_WORD_BYTES: usize = 24;

/// Members that have changed, those that are gone, and what a word about both takes.
type Part = (Vec<Carried>, Vec<String>, usize);

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    queue: VecDeque<Box<RawValue>>,
    bytes: usize,
    /// The number of the last word that was sent.
    seq: u64,
    /// All members must be told anew.
    anew: bool,
    dropped: u64,
}

impl Outgoing {
    pub fn push(&mut self, word: &Word) {
        let of_members = matches!(word, Word::Presence { .. });
        // They are going to be told with all others.
        if of_members && self.anew {
            return;
        }
        let Ok(text) = to_raw_value(word) else { return };
        if self.queue.len() >= MAX_OUTGOING || self.bytes + text.get().len() > MAX_OUTGOING_BYTES {
            self.dropped += 1;
            self.anew |= of_members;
            return;
        }
        self.put(text);
    }

    /// Members that have changed in a room, and those that are gone: as many words as it takes.
    pub fn push_changes(&mut self, room: &str, set: Vec<Carried>, gone: Vec<String>) {
        let mut part = (Vec::new(), Vec::new(), 0);
        for id in gone {
            part.2 += id.len();
            part.1.push(id);
            self.push_if_full(room, &mut part, CHUNK_BYTES);
        }
        for member in set {
            part.2 += weight(&member);
            part.0.push(member);
            self.push_if_full(room, &mut part, CHUNK_BYTES);
        }
        self.push_if_full(room, &mut part, 0);
    }

    fn push_if_full(&mut self, room: &str, part: &mut Part, most: usize) {
        if part.2 > most {
            let (set, gone, _) = std::mem::take(part);
            self.push(&Word::Presence { room: room.to_owned(), set, gone });
        }
    }

    /// All members are to be told anew.
    pub fn start_over(&mut self) {
        self.anew = true;
    }

    /// Queues all members, if that is due: as much as this node has, and no second time before the first has gone out. Whether
    /// it was.
    pub fn tell_all(&mut self, all: impl FnOnce() -> Vec<Crowd>) -> bool {
        if !self.anew || !self.queue.is_empty() {
            return false;
        }
        self.anew = false;
        let parts = parts(all());
        let last = parts.len() - 1;
        for (index, rooms) in parts.into_iter().enumerate() {
            if let Ok(text) = to_raw_value(&Word::Members { first: index == 0, more: index < last, rooms }) {
                self.put(text);
            }
        }
        true
    }

    pub fn is_waiting(&self) -> bool {
        self.anew
    }

    /// The next word, sealed.
    pub fn pop(&mut self, node: &str) -> Option<String> {
        let word = self.queue.pop_front()?;
        self.bytes -= word.get().len();
        self.seq += 1;
        serde_json::to_string(&Sealed { node, seq: self.seq, word: &word }).ok()
    }

    /// Nobody hears it.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.bytes = 0;
        self.anew = false;
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn put(&mut self, text: Box<RawValue>) {
        self.bytes += text.get().len();
        self.queue.push_back(text);
    }
}

/// What a word about a member takes, in bytes, give or take what is escaped in a name.
fn weight(member: &Carried) -> usize {
    let user = member.user.as_deref().map_or(0, str::len);
    MEMBER_WORD_BYTES + member.id.len() + user + member.name.len() + member.state.get().len()
}

/// At least one part.
fn parts(all: Vec<Crowd>) -> Vec<Vec<Crowd>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for Crowd { room, members } in all {
        let mut crowd = Crowd { room: room.clone(), members: Vec::new() };
        bytes += ROOM_WORD_BYTES + room.len();
        for member in members {
            bytes += weight(&member);
            crowd.members.push(member);
            if bytes > CHUNK_BYTES {
                let full = std::mem::replace(&mut crowd, Crowd { room: room.clone(), members: Vec::new() });
                parts.last_mut().expect("there is one").push(full);
                parts.push(Vec::new());
                bytes = 0;
            }
        }
        if !crowd.members.is_empty() {
            parts.last_mut().expect("there is one").push(crowd);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_and_members_are_told_anew_when_it_has_gone_out() {
        let mut outgoing = Outgoing::default();
        for _ in 0..MAX_OUTGOING {
            outgoing.push(&Word::Beat);
        }
        outgoing.push(&Word::Presence { room: "a".to_owned(), set: Vec::new(), gone: Vec::new() });
        assert_eq!(outgoing.dropped(), 1);
        outgoing.tell_all(|| panic!("not before the queue is empty"));
        while let Some(word) = outgoing.pop("n") {
            assert!(word.contains("beat"), "{word}");
        }
        outgoing.tell_all(Vec::new);
        let told = outgoing.pop("n").expect("was told");
        assert!(told.contains(r#""members":{"first":true,"more":false,"rooms":[]}"#), "{told}");
        assert!(told.contains(&format!(r#""seq":{}"#, MAX_OUTGOING + 1)), "{told}");
        assert!(!outgoing.is_waiting());
    }
}
