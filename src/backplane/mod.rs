//! The backplane: carries what nodes say to each other about rooms, and lets time pass in them.
//!
//! | file | what it is |
//! |---|---|
//! | `drive` | the task between a hub and its backplane |
//! | `redis` | a backplane over Redis Pub/Sub |
//! | `dial`, `sluice` | its connections, on which no more arrives than is let in |
//!
//! One channel carries the words of all rooms of a deployment, and words name their room. A channel for each room would
//! spare a node the words of rooms in which it has nobody, for a subscription and its bookkeeping with every first join and last leave;
//! and presence needs them all anyway, so that whoever joins is told at once who is there.
//!
//! Nothing is stored and nothing is repeated: what is lost on the way is noticed by its missing number, and members are told
//! anew. Rows never go this way.

mod dial;
mod drive;
mod redis;
mod sluice;
#[cfg(test)]
mod tests;

pub use drive::run;
pub use redis::{Redis, RedisError};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Words on their way between a hub and its backplane, each way.
const MAX_QUEUED: usize = 256;

/// What a backplane tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// From here on, everything that others say is heard.
    Connected,
    /// Nothing is heard any more, and what is said is lost.
    Disconnected,
    /// Somebody on the channel said this; perhaps this node itself.
    Word(Bytes),
    /// Somebody said what no node says: it is too long.
    Refused,
}

/// One node's place on a channel.
#[derive(Debug)]
pub struct Link {
    /// What this node says.
    pub say: mpsc::Sender<String>,
    /// What happens.
    pub events: mpsc::Receiver<Event>,
}

/// Something that carries words from every node to every node.
pub trait Backplane: Send + Sync + 'static {
    /// Takes a place on a channel until `stop` is cancelled, connecting again as often as it takes.
    fn join(&self, channel: String, stop: CancellationToken) -> Link;
}

/// Both ends of a [`Link`]: the hub's, and what the backplane reads from and writes to.
fn link() -> (Link, mpsc::Receiver<String>, mpsc::Sender<Event>) {
    let (say, said) = mpsc::channel(MAX_QUEUED);
    let (tell, events) = mpsc::channel(MAX_QUEUED);
    (Link { say, events }, said, tell)
}
