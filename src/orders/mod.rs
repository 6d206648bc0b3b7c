//! Orders: what may become of them, and what is kept of it.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `state`, `step` | the states, and the table of legal steps by whom | both, pure |
//! | `wire`, `refusal` | what commands are made of, and what they answer | both, pure |
//! | `commands` | placing an order, and every step after that | server |
//!
//! Not here: pages.

mod refusal;
mod state;
mod step;
mod wire;

#[cfg(feature = "ssr")]
mod commands;

#[cfg(feature = "ssr")]
pub use commands::{place, step};
pub use refusal::{Refusal, RefusalCode, Standing};
pub use state::{State, UnknownState};
pub use step::{Actor, Illegal, Step, UnknownStep};
pub use wire::{
    Done, MAX_KEY, MAX_LINES, MAX_NAME, MAX_NOTE, MAX_QUANTITY, MAX_TOTAL, MAX_TRACKING, Place, PlaceLine, StepDetails,
};
