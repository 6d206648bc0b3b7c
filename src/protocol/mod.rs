//! The wire protocol `rowcast.v1`: what a browser and a server say to each other over `/live`.
//!
//! JSON text frames, one object each, discriminated by `type`; one union per direction. This module is pure data: it
//! imports nothing of ours, does no I/O and is compiled for the server and for the browser.
//!
//! Two rules make a client exact:
//!
//! 1. A frame that carries a `position` **commits** everything received since the last position. Until then nothing of
//!    it is shown.
//! 2. A snapshot whose last chunk (the one without `more`) has not arrived is not yet part of any commit.

mod client;
mod close;
mod error;
mod position;
mod server;

pub use client::{Aggregate, ClientFrame, FrameError, Nulls, OrderBy, Subscribe};
pub use close::CloseCode;
pub use error::ErrorCode;
pub use position::{Epoch, MalformedPosition, Position, Token};
pub use server::{Change, ResyncReason, ServerFrame};

/// The WebSocket subprotocol that both sides name in the handshake.
pub const SUBPROTOCOL: &str = "rowcast.v1";

/// Path of the WebSocket.
pub const PATH: &str = "/live";

/// Longest id that a client may give a subscription, in bytes.
pub const MAX_ID_BYTES: usize = 64;
