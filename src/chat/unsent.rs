//! Messages that wait to be sent: in their order, each under its key, kept as text so that they outlive the page. Pure.
//!
//! Invariant: a message goes out only when nothing of the same conversation stands before it, except what was refused. So what is stored is
//! in the order in which it was written.

use super::{limits::MAX_UNSENT, wire::Refusal};
use serde::{Deserialize, Serialize};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// In which conversation.
    pub chat: i64,
    /// Under which it is stored once.
    pub key: String,
    /// What it says.
    pub text: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Why it was refused; it waits for whoever wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// All of them, of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Queue(Vec<Unsent>);

impl Queue {
    /// Reads what [`to_text`](Self::to_text) wrote. What is no queue is an empty one.
    pub fn of_text(text: &str) -> Self {
        let mut queue: Self = serde_json::from_str(text).unwrap_or_default();
        queue.0.truncate(MAX_UNSENT);
        queue
    }

    /// As text.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("has string keys only")
    }

    /// Adds one at the end. False if there is no room.
    pub fn push(&mut self, one: Unsent) -> bool {
        let fits = self.0.len() < MAX_UNSENT && !self.0.iter().any(|other| other.key == one.key);
        if fits {
            self.0.push(one);
        }
        fits
    }

    /// The next one to be sent.
    pub fn next(&self) -> Option<&Unsent> {
        self.0.iter().find(|one| one.refused.is_none())
    }

    /// Those of a conversation, in their order.
    pub fn of(&self, chat: i64) -> impl Iterator<Item = &Unsent> {
        self.0.iter().filter(move |one| one.chat == chat)
    }

    /// It is stored, or not wanted any more.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|one| one.key != key);
    }

    /// It was refused for good: it waits for whoever wrote it, and the others go on.
    pub fn refuse(&mut self, key: &str, refusal: Refusal) {
        self.change(key, Some(refusal));
    }

    /// It is to be sent after all.
    pub fn retry(&mut self, key: &str) {
        self.change(key, None);
    }

    fn change(&mut self, key: &str, refused: Option<Refusal>) {
        self.0.iter_mut().filter(|one| one.key == key).for_each(|one| one.refused = refused);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(chat: i64, key: &str) -> Unsent {
        Unsent { chat, key: key.to_owned(), text: key.to_owned(), at: 0, refused: None }
    }

    fn next(queue: &Queue) -> Option<&str> {
        queue.next().map(|one| one.key.as_str())
    }

    #[test]
    fn they_go_out_in_the_order_in_which_they_were_written() {
        let mut queue = Queue::default();
        for key in ["a", "b", "c"] {
            assert!(queue.push(one(1, key)));
        }
        assert!(!queue.push(one(2, "b")), "a key is used once");
        assert_eq!(next(&queue), Some("a"));
        queue.remove("a");
        assert_eq!(next(&queue), Some("b"));
        queue.refuse("b", Refusal::TooLong);
        assert_eq!(next(&queue), Some("c"), "what is refused holds up nobody");
        queue.retry("b");
        assert_eq!(next(&queue), Some("b"), "and is where it was");
        assert_eq!(queue.of(1).count(), 2);
    }

    #[test]
    fn they_outlive_the_page() {
        let mut queue = Queue::default();
        queue.push(one(1, "a"));
        queue.push(one(2, "b"));
        queue.refuse("a", Refusal::NotFound);
        assert_eq!(Queue::of_text(&queue.to_text()), queue);
        for broken in ["", "null", "{}", "[1]", "[{\"chat\":1}]"] {
            assert!(Queue::of_text(broken).is_empty());
        }
    }

    #[test]
    fn there_are_not_more_than_there_may_be() {
        let mut queue = Queue::default();
        for number in 0..MAX_UNSENT {
            assert!(queue.push(one(1, &number.to_string())));
        }
        assert!(!queue.push(one(1, "more")));
        let mut more: Vec<Unsent> = queue.of(1).cloned().collect();
        more.push(one(1, "more"));
        let text = serde_json::to_string(&more).expect("JSON");
        assert_eq!(Queue::of_text(&text).len(), MAX_UNSENT);
    }
}
