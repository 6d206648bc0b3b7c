//! The hub: takes batches of changes, matches them to queries, encodes each once, hands them to sessions.
//!
//! Pure: it reads no database and knows no sockets. Positions come from a *source* and are only compared; changes come
//! as batches, each holding everything that was committed between two positions.
//!
//! | file | what it is |
//! |---|---|
//! | `batch` | changes as they come from a source |
//! | `bounds` | how much the hub holds at most |
//! | `catalog`, `column` | which tables there are, and what is in them |
//! | `filter` | which rows a query is about |
//! | `row` | a row's text with the place of each value |
//! | `net` | many changes of one row become the one that a reader needs |
//! | `ring` | recent batches, so that most resumes need no database |
//! | `outbox` | what one session has yet to be sent, bounded |
//! | `state` | the hub itself: queries, the position, what becomes of a batch |
//! | `state/session` | what one connected client may do with it |
//!
//! Invariants:
//! - A session that is sent position P has been sent, for each of its live queries, everything up to P.
//! - A full outbox never loses anything: the session falls out of live and is brought up again from what it was last sent.
//! - Nothing here waits, and the lock is never held across an await.

mod batch;
mod bounds;
mod catalog;
mod column;
pub mod filter;
mod net;
mod outbox;
mod ring;
mod row;
mod state;

pub use batch::{Batch, Image, Operation, RowChange, TableId};
pub use bounds::Bounds;
pub use catalog::{Catalog, Table};
pub use column::{Column, Kind};
pub use net::{MissingKey, Net, net};
pub use outbox::{Chunk, Delivery, Frame, Outbox, Sent};
pub use row::{Row, Unreadable};
pub use state::{CatalogChange, Hub, NotYet, Query, QueryId, Ready, Session, Ticket};

#[cfg(test)]
pub(crate) mod tests;
