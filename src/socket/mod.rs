//! The socket: one WebSocket session of the protocol `rowcast.v1`.
//!
//! | file | what it is |
//! |---|---|
//! | `upgrade` | the handshake |
//! | `session` | one connection: reads frames, sends what its outbox holds, keeps time |
//! | `question` | what a `subscribe` frame asks |
//! | `rooms` | what a client says about rooms |
//! | `bring_up` | makes subscriptions live: snapshot or catch-up, then the hand-over to the hub |
//! | `recheck` | whether a session's person is still who they were |
//! | `shared` | reads that many sessions want at the same time |
//! | `fill` | reads what windows and totals are made of |
//! | `places` | how many sockets a person and an address may have |
//! | `rate` | how fast a client may speak |
//! | `limits` | every bound and interval of this stage |
//!
//! Invariant: whatever a client sends, its session answers with an error frame or ends; nothing else is affected.

mod bring_up;
mod fill;
mod limits;
mod places;
mod question;
mod rate;
mod recheck;
mod rooms;
mod session;
mod shared;
#[cfg(test)]
mod tests;
mod upgrade;

pub use fill::run as fill;
pub use limits::{CONSTANTS_TIMEOUT, Limits};
pub use places::Places;
pub use question::{Refusal, define};
pub use recheck::Recheck;
pub use shared::Shared;
pub use upgrade::{Live, upgrade};
