//! Looking after servers: what they tell of themselves to administrators who look, and what these can do about it.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `report` | what is told, and how it is cut into messages | both, pure |
//! | `recent` | warnings and errors of the log, the newest of them | server |
//! | `history` | what went through in the last minutes | server |
//! | `watch` | gathers it and tells it in a room while somebody looks | server |
//! | `act` | messages, disconnecting, signing out; each with its event in the ledger | server |
//!
//! Each server tells of itself, in a [room](report::ROOM) that only administrators can join and where only servers speak. Nobody keeps what others
//! tell: a page shows whom it hears.
//!
//! Invariants: while nobody looks, nothing is gathered but a few counters. What is told is bounded, however many sessions there are.
//! Nothing is done to anybody that is not in the ledger before.

pub mod report;

#[cfg(feature = "ssr")]
mod act;
#[cfg(feature = "ssr")]
mod history;
#[cfg(feature = "ssr")]
mod recent;
#[cfg(feature = "ssr")]
mod watch;

#[cfg(feature = "ssr")]
pub use {
    act::{ActError, broadcast, disconnect, message, sign_out},
    recent::{Recent, recent},
    watch::{About, Operations},
};
