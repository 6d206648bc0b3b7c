//! The browser's copy of live rows: from frames to signals.
//!
//! | file | what it is | knows |
//! |---|---|---|
//! | `row` | what a row type must be able to do | nothing |
//! | `staging` | frames of one subscription, held until committed | the protocol |
//! | `replica` | all subscriptions of one connection: which frame belongs where, what commits when | the protocol |
//! | `backoff`, `machine` | when to connect, wait, give up | the clock, as a number |
//! | `live` | committed rows as one signal per row, optimistic edits laid over them | signals |
//! | `connection` | what a page sees of the connection | signals |
//! | `page` | rows that the server rendered into the page, with their position | nothing |
//! | `transport` | the thin shell around all that: a WebSocket, timers, events of the window | the browser |
//!
//! Everything but `live`, `connection` and `transport` is pure and tested natively.

mod backoff;
mod connection;
mod live;
mod machine;
mod page;
mod replica;
mod row;
mod staging;
#[cfg(feature = "hydrate")]
mod transport;
#[cfg(not(feature = "hydrate"))]
#[path = "transport_none.rs"]
mod transport;

pub use backoff::Backoff;
pub use connection::{Connection, Status, provide_connection, use_connection};
pub use live::{Edit, Live, Phase, use_live};
pub use machine::{Action, Event, Machine, State};
pub use page::{Initial, PageReader, ReadError, initial_rows};
pub use replica::{Diverged, Outgoing, Replica, Sink};
pub use row::LiveRow;
pub use staging::{RowChange, Staging};
