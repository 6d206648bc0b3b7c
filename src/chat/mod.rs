//! Chat: rooms, conversations between two people, and what is said in them.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `limits`, `wire`, `validate` | bounds, what commands answer, what may be sent | both, pure |
//! | `text`, `mention` | what a message is made of, and whom it names | both, pure |
//! | `unsent` | messages that wait to be sent, in their order | both, pure |
//! | `commands` | sending, changing, taking back, reading, opening, beginning | server |
//! | `access` | who may do what in which conversation | server |
//! | `notify` | telling people that they are named | server |
//! | `people`, `search` | who can be written to, and what was said | server |
//! | `failure` | why a transaction came to nothing | server |
//! | `demo`, `schema.sql`, `told.sql` | the demo's tables and conversations | server |
//!
//! Not here: pages. They show the tables as live rows, and call the commands. Who sees what is a matter of the tables' policies, for
//! commands and searches as well.
//!
//! Invariants: within a conversation, messages are numbered 1, 2, 3 and so on in the order in which they are committed, because whoever
//! sends holds the conversation's row until the end. Under one key of one author one message is stored, however often it is sent. Of a
//! private conversation nobody sees anything but its two people, whatever else is granted to them.

pub mod limits;
pub mod mention;
pub mod text;
pub mod unsent;
pub mod validate;
mod wire;

#[cfg(feature = "ssr")]
mod access;
#[cfg(feature = "ssr")]
mod commands;
#[cfg(feature = "ssr")]
pub mod demo;
#[cfg(feature = "ssr")]
mod failure;
#[cfg(feature = "ssr")]
mod notify;
#[cfg(feature = "ssr")]
mod people;
#[cfg(feature = "ssr")]
mod search;

#[cfg(feature = "ssr")]
pub use commands::{begin, delete, edit, open_room, read, send};
#[cfg(feature = "ssr")]
pub use people::{of_chat, who};
#[cfg(feature = "ssr")]
pub use search::search;
pub use wire::{Done, Found, Refusal, Someone};
