//! The past: what a question's answer was at a moment, and which moments changed it.
//!
//! The rows of a moment are the present ones with the *old image of the first later change* put back, key by key. Everything
//! comes from one database snapshot of the table and the changelog.
//!
//! | file | what it is |
//! |---|---|
//! | `record` | the transactions of a table in order, and where that ends |
//! | `overlay` | what must be put back, from later changes; pure |
//! | `images` | what of an image somebody may see; pure |
//! | `state` | the rows of a moment |
//! | `moments` | what each transaction changed, and who made it |
//!
//! Not here: what somebody may see, which the [`Definition`] says that is asked. It is applied to every image, old or new, so
//! that nobody learns of the past what they may not see at present.
//!
//! Invariants:
//! - A transaction has happened as a whole or not at all, at the time of its last change to the table.
//! - What is not known exactly is an error that says since when it is, and why ([`Reach`]).
//! - Memory and time are bounded, whatever the size of the table and the changelog.

mod images;
mod moments;
mod overlay;
mod record;
mod state;

pub use moments::{Author, Difference, Moment, Moments};
pub use state::State;

use super::{Error, Snapshot, statement::query};
use crate::hub::Definition;
use record::Record;
use sqlx::{AssertSqlSafe, PgPool};
use std::{fmt, time::Duration};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long one statement about the past may take, in milliseconds.
const STATEMENT_TIMEOUT_MS: u32 = 15_000;
/// How long somebody waits for a place.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many look into the past at once. Each holds a connection; the present must not wait for them.
const PLACES: usize = 4;

static TRAVELLERS: Semaphore = Semaphore::const_new(PLACES);

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The present, as of the snapshot.
    Now,
    /// After everything that had happened by then: microseconds since 1970, UTC.
    Time(i64),
    /// After one transaction.
    Moment {
        /// The number of its last change of the table.
        seq: i64,
        /// When that was made, in microseconds since 1970: says what is meant where the number means nothing.
        at: i64,
    },
}

/// Since when the past is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Microseconds since 1970; none if everything is known.
    pub at: Option<i64>,
    /// Why it is not known before.
    pub end: ReachEnd,
}

/// Why the past is not known any further back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReachEnd {
    /// Earlier changes were pruned.
    Retention,
    /// The table was not tracked yet.
    Tracking,
    /// It was emptied, or rewritten as a whole.
    Bulk,
    /// It got another primary key.
    Key,
    /// It may have been written to while no server was there.
    Paused,
    /// A column that decides which rows are shown came, or became another.
    Column(String),
    /// There are too many changes to look at all of them.
    Amount,
}

impl fmt::Display for ReachEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retention => f.write_str("earlier changes are not kept"),
            Self::Tracking => f.write_str("the table was not tracked before"),
            Self::Bulk => f.write_str("the table was emptied or rewritten as a whole then"),
            Self::Key => f.write_str("the table has had its primary key since then"),
            Self::Paused => f.write_str("nobody noted changes before"),
            Self::Column(name) => {
                write!(f, "the column {name:?}, which decides which rows are shown, was not there before")
            }
            Self::Amount => f.write_str("there are too many earlier changes to look at"),
        }
    }
}

/// Why the past cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TravelError {
    /// It is not known any more, or was never.
    #[error("the record does not reach back that far: {}", .0.end)]
    Beyond(Reach),
    /// There is more of it than is read at once.
    #[error("there is too much to show: {0}")]
    TooMuch(&'static str),
    /// Too many look into it at the moment.
    #[error("too many look into the past at the moment; try again")]
    Busy,
    /// It takes too long to be read.
    #[error("the past takes too long to be read; ask for a later moment, or for fewer rows")]
    TooSlow,
    /// The table, or who may see it, has changed just now: ask again.
    #[error("the table has just changed; ask again")]
    Altered,
    /// The database does not answer, or holds something unexpected.
    #[error(transparent)]
    Changelog(Error),
}

impl From<Error> for TravelError {
    fn from(error: Error) -> Self {
        if error.is_overtime() {
            Self::TooSlow
        } else if error.is_altered() {
            Self::Altered
        } else {
            Self::Changelog(error)
        }
    }
}

/// An open view of the past of one question. Holds a connection of the pool until dropped.
pub struct Travel {
    snapshot: Snapshot,
    definition: Definition,
    record: Record,
    _place: SemaphorePermit<'static>,
}

impl Travel {
    /// Opens one. Of a window or totals, the rows that they are made of are told.
    pub async fn open(pool: &PgPool, definition: &Definition) -> Result<Self, TravelError> {
        let place = tokio::time::timeout(PATIENCE, TRAVELLERS.acquire()).await;
        let place = place.map_err(|_| TravelError::Busy)?.expect("it is never closed");
        let mut snapshot = Snapshot::open_with_past(pool, &definition.table).await?;
        let bound = format!("set local statement_timeout = {STATEMENT_TIMEOUT_MS}; set local jit = off");
        for setting in bound.split("; ") {
            query(AssertSqlSafe(setting.to_owned())).execute(snapshot.connection()).await.map_err(Error::from)?;
        }
        let record = Record::read(&mut snapshot, definition).await?;
        Ok(Self { snapshot, definition: definition.clone(), record, _place: place })
    }

    /// Since when the past is known.
    pub fn reach(&self) -> &Reach {
        &self.record.reach
    }
}
