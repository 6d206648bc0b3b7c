//! What the other nodes have yet to be told, bounded.
//!
//! When it is full, words are dropped and counted. What was dropped about members is made up for by telling all of them anew,
//! once everything before has gone out; a message that was dropped is lost to the other nodes.

use super::{
    CHUNK_BYTES, MAX_OUTGOING, MAX_OUTGOING_BYTES,
    word::{Crowd, Sealed, Word},
};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::VecDeque;

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

    /// All members are to be told anew.
    pub fn start_over(&mut self) {
        self.anew = true;
    }

    /// Queues all members, if that is due: as much as this node has, and no second time before the first has gone out.
    pub fn tell_all(&mut self, all: impl FnOnce() -> Vec<Crowd>) {
        if !self.anew || !self.queue.is_empty() {
            return;
        }
        self.anew = false;
        let parts = parts(all());
        let last = parts.len() - 1;
        for (index, rooms) in parts.into_iter().enumerate() {
            if let Ok(text) = to_raw_value(&Word::Members { first: index == 0, more: index < last, rooms }) {
                self.put(text);
            }
        }
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

/// At least one part.
fn parts(all: Vec<Crowd>) -> Vec<Vec<Crowd>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for Crowd { room, members } in all {
        let mut crowd = Crowd { room: room.clone(), members: Vec::new() };
        for member in members {
            bytes += member.state.get().len() + member.name.len() + member.id.len();
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
