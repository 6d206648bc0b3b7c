//! The ledger: what happened, kept for good, and what is made from it.
//!
//! | file | what it is |
//! |---|---|
//! | `event` | events, as they are given and as they are recorded |
//! | `codec` | events as Rust types; older forms are brought forward when they are read |
//! | `append` | adds events to a stream, if it is where it was expected to be |
//! | `read` | reads a stream, or everything after a position |
//! | `fold` | what a stream has come to; of long ones that is kept now and then |
//! | `projection` | tables whose rows are made from events, kept in the transactions that append |
//! | `apply` | folds events into rows |
//! | `claim` | whose a table is: nothing is written to one with rows that no event has made |
//! | `follow` | projections that are brought up to date after the commit, exactly once |
//! | `replay`, `rebuild` | all events again, beside the table that is in use |
//! | `check` | whether a table is what a replay makes, and whether the ledger is whole |
//! | `status` | how far each projection has come, and what keeps it |
//! | `registry` | the projections of a program |
//! | `streams` | the streams there are |
//! | `limits` | how much of everything there may be |
//!
//! It knows nothing of what the events are about. It is not the changelog: that has every change of tracked tables and forgets;
//! this has what applications say has happened and never does. An event's transaction is where both meet.
//!
//! Invariants: the versions of a stream are 1, 2, 3 and so on, whoever appends and whatever fails. Events are never changed
//! or removed, which the database itself refuses. Order is told by versions, `seq` and transactions, never by time.

mod append;
mod apply;
mod check;
mod claim;
mod codec;
mod error;
mod event;
mod fold;
mod follow;
mod limits;
mod projection;
mod read;
mod rebuild;
mod registry;
mod replay;
mod status;
mod streams;

pub use append::{append, append_each, append_recorded};
pub use check::{Checked, Difference, check, check_streams};
pub use claim::declare;
pub use codec::{DecodeError, Events, upcast};
pub use error::{AppendError, LedgerError};
pub use event::{Expected, Metadata, NewEvent, Recorded, Until};
pub use fold::{Fold, load};
pub use follow::{Follower, Step};
pub use projection::{FoldError, Projection, ProjectionError, project_now};
pub use read::{read_after, read_stream};
pub use rebuild::{Rebuilt, rebuild};
pub use registry::{Entry, Keeping, Registry};
pub use status::{Status, projections};
pub use streams::{Stream, streams};
