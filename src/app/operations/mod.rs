//! Operations: what servers, sessions, tables and the changelog are doing, and what can be done about it. For administrators.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `model` | what became of an action | both, pure |
//! | `words` | sizes, times and rates as people read them | both, pure |
//! | `actions` | the server functions, each of them also the target of a plain form | both |
//! | `carry_out` | what they do | server |
//! | `desk` | what is known of all servers, kept up by what they tell | both |
//! | `page` | the page | both |
//! | `servers`, `sessions`, `charts`, `storage`, `errors`, `broadcast` | its parts | both |
//! | `ask` | what is asked before something is done to people | both |
//! | `announcements` | what administrators say, on everybody's page | both |
//!
//! The page never asks again: servers tell in a room, once a second. Without JavaScript it shows the server that answers.

mod actions;
mod announcements;
mod ask;
mod broadcast;
#[cfg(feature = "ssr")]
mod carry_out;
mod charts;
mod desk;
mod errors;
mod model;
mod page;
mod servers;
mod sessions;
mod storage;
mod words;

pub use actions::{BroadcastToAll, DisconnectSession, MessageSession, ReadOperations, SignOutPerson};
pub(super) use announcements::Announcements;
pub(super) use page::OperationsPage;

/// Where it is.
const PAGE: &str = "/operations";
