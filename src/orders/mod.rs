//! Orders: what may become of them, and what is kept of it.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `state`, `step` | the states, and the table of legal steps by whom | both, pure |
//! | `wire`, `refusal`, `validate` | what commands are made of, what they answer, what they may say | both, pure |
//! | `event`, `order` | what happened, and an order as the fold of it | both, pure |
//! | `kept`, `projections` | the streams in the ledger, and the tables that are kept from them | server |
//! | `commands` | placing an order, and every step after that | server |
//! | `sight` | what somebody sees of orders and of products to order, by policies | server |
//! | `access`, `stock`, `notify`, `idempotency` | who may ask, pieces, whom it concerns, the same request twice | server |
//! | `failure` | why a transaction came to nothing | server |
//! | `api` | the JSON API, which `API.md` documents | server |
//! | `demo` | the demo's tables and orders | server |
//!
//! Not here: pages. They show the tables as live rows, and call [`place()`] and [`step()`].
//!
//! Invariants: nothing changes an order but an event that was decided on by the table in `step`. What an event changes (stock, read
//! models, notifications) changes in its transaction.

mod event;
mod order;
#[cfg(test)]
mod order_tests;
mod refusal;
mod state;
mod step;
pub mod validate;
mod wire;

#[cfg(feature = "ssr")]
mod access;
#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
mod commands;
#[cfg(feature = "ssr")]
pub mod demo;
#[cfg(feature = "ssr")]
mod failure;
#[cfg(feature = "ssr")]
mod idempotency;
#[cfg(feature = "ssr")]
mod kept;
#[cfg(feature = "ssr")]
mod notify;
#[cfg(feature = "ssr")]
pub mod projections;
#[cfg(feature = "ssr")]
pub(crate) mod sight;
#[cfg(feature = "ssr")]
mod stock;

#[cfg(feature = "ssr")]
pub use commands::{place, step};
pub use event::{Line, OrderEvent};
#[cfg(feature = "ssr")]
pub use idempotency::{sweep, sweep_once};
#[cfg(feature = "ssr")]
pub use kept::{OrderFold, order_of, stream};
pub use order::Order;
#[cfg(feature = "ssr")]
pub use projections::{are_there, register};
pub use refusal::{Refusal, RefusalCode, Standing, Telling};
#[cfg(feature = "ssr")]
pub use sight::Readers;
pub use state::{State, UnknownState};
pub use step::{Actor, Illegal, Step, UnknownStep};
pub use wire::{
    Done, MAX_KEY, MAX_LINES, MAX_NAME, MAX_NOTE, MAX_QUANTITY, MAX_TOTAL, MAX_TRACKING, Place, PlaceLine, StepDetails,
};
