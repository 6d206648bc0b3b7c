//! What is said between browsers and servers, as pure data: this module imports nothing of ours, does no I/O and is compiled
//! for both.
//!
#![doc = include_str!("PROTOCOL.md")]

mod client;
mod close;
mod error;
mod position;
mod role;
mod room;
mod server;

pub use client::{Aggregate, ClientFrame, FrameError, Nulls, OrderBy, Subscribe};
pub use close::CloseCode;
pub use error::ErrorCode;
pub use position::{Epoch, MalformedPosition, Position, Token};
pub use role::{Role, UnknownRole};
pub use room::{Present, Sender, StateOf};
pub use server::{Change, ResyncReason, ServerFrame, User};

/// The WebSocket subprotocol that both sides name in the handshake.
pub const SUBPROTOCOL: &str = "rowcast.v1";

/// How often something was added to it. Both sides ignore what they do not know, so it is for people.
pub const REVISION: u32 = 2;

/// Path of the WebSocket.
pub const PATH: &str = "/live";

/// Between a position and the `rights` of whoever was given it.
const STAMP: char = '~';

/// A position as it is sent by those who are somebody: with the `rights` of their `welcome`.
pub fn stamp(position: &str, rights: &str) -> String {
    if rights.is_empty() { position.to_owned() } else { format!("{position}{STAMP}{rights}") }
}

/// The position, and whose it is.
pub fn unstamp(stamped: &str) -> (&str, &str) {
    stamped.split_once(STAMP).unwrap_or((stamped, ""))
}

/// Longest id that a client may give a subscription, in bytes.
pub const MAX_ID_BYTES: usize = 64;

#[cfg(test)]
#[path = "document_tests.rs"]
mod document_tests;
