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
//! | `definition` | what a query asks |
//! | `frames` | the frames that carry rows, none of them large |
//! | `index` | which queries a row may concern |
//! | `value` | where a value stands in its type's order |
//! | `view` | windows and totals, kept exact from changes |
//! | `principal`, `policy` | who is on the other end of a session, and what they may read |
//! | `replay` | changes that were read once for many |
//! | `rooms` | who is where, what is said there, and the same on other nodes |
//! | `ring` | recent batches, so that most resumes need no database |
//! | `flow` | what has gone through it, counted |
//! | `meter` | how much waits to be sent in all |
//! | `outbox` | what one session has yet to be sent, bounded |
//! | `state` | the hub itself: queries, sessions, the position |
//! | `state/deliver` | what becomes of a batch |
//! | `state/views` | windows and totals: filled, kept, told |
//! | `state/live` | how queries become live |
//! | `state/fold` | what leads to where the hub stands, without its lock |
//! | `state/rooms` | rooms: from what they want told to the outboxes |
//! | `state/report` | what there is to tell of sessions, and what is done to one of them from outside |
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
mod definition;
pub mod filter;
mod flow;
mod frames;
mod index;
mod meter;
mod net;
mod outbox;
mod policy;
mod principal;
mod replay;
mod ring;
pub mod rooms;
mod row;
mod state;
mod value;
mod view;

pub use batch::{Batch, Image, Operation, RowChange, TableId};
pub use bounds::Bounds;
pub use catalog::{Catalog, Table};
pub use column::{Column, Kind};
pub use definition::{Definition, Shown};
pub use filter::{Filter, Scalar, scalar};
pub use flow::{DELAYS, DELAYS_MS, Flowed};
pub use frames::{Chunks, MAX_FRAME_ROWS_BYTES, subscribed};
pub use net::{MissingKey, Net, Touched, net};
pub use outbox::{Backlog, Chunk, Delivery, Frame, OnItsWay, Outbox, Sent};
pub use policy::{Policy, USER_ID, USER_ROLE};
pub use principal::{Credential, Principal};
pub use replay::Replay;
pub use row::{Row, Unreadable};
pub use state::{
    CatalogChange, Filled, Folded, Greeting, Hub, HubReport, Missing, NotFolded, NotYet, PersonChange, Query, QueryId,
    Ready, Session, SessionReport, Ticket, Whose,
};
pub use view::{
    MAX_LIMIT, MAX_ORDER_COLUMNS, MAX_TOTAL_COLUMNS, Need, Output, OutputChange, QueryError, Spec, TotalsSpec, View,
    ViewBounds, ViewError, WindowSpec,
};

#[cfg(test)]
pub(crate) mod tests;
