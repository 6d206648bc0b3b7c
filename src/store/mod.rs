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
mod group;
mod live;
mod machine;
mod page;
mod place;
mod query;
mod registry;
mod replica;
mod row;
mod rows;
mod staging;
#[cfg(feature = "hydrate")]
mod transport;
#[cfg(not(feature = "hydrate"))]
#[path = "transport_none.rs"]
mod transport;
mod use_query;

pub use backoff::Backoff;
pub use connection::{
    Connection, ConnectionOptions, Status, provide_connection, provide_connection_with, use_connection,
};
pub use group::{Everything, Group, GroupColumns, GroupKey};
pub use live::{Edit, Live, Phase, SubscriptionError};
pub use machine::{Action, Event, Machine, PAUSE_AFTER_MS, State};
pub use page::{Initial, PageReader, PageRows, ReadError, initial_rows, read_page};
pub use query::{LiveTotals, Params, Query};
pub use registry::UNUSED_KEPT_MS;
pub use replica::{Diverged, Outgoing, Replica, Sink};
pub use row::LiveRow;
pub use staging::{RowChange, Staging};
pub use use_query::{IntoQuery, LiveQuery, QueryError, RowSignal, use_live, use_query};
