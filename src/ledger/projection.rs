//! Projections: tables whose rows are made from events, by a pure fold for each row.
//!
//! A projection is kept in the transactions that append ([`project_now`]), or follows them ([`Follower`](super::Follower)). Either
//! way its rows are those that a replay of all events makes, which [`check`](super::check()) compares.
//!
//! The events of one stream meet a row in their order. Those of different streams may meet it in any order, and in another
//! one when they are replayed: a row that is made of several streams must not depend on it, as sums and counts do not.

use super::{
    LedgerError, Recorded,
    apply::{self, Touched},
    claim,
};
use crate::changelog::statement::query;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::PgConnection;

/// Why a fold makes no row of an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FoldError(pub String);

impl From<LedgerError> for FoldError {
    fn from(error: LedgerError) -> Self {
        match error {
            // Which event it is will be said by whoever calls the fold.
            LedgerError::Unreadable { cause, .. } => Self(cause.to_string()),
            other => Self(other.to_string()),
        }
    }
}

/// Keeps the rows of one table from events. The table has a primary key of built-in types and is the projection's alone:
/// each of its columns that is not generated is a field of its rows.
pub trait Projection: Send + Sync + 'static {
    /// What tells it from others.
    const NAME: &'static str;
    /// To be raised whenever it makes other rows from the same events. The table is rebuilt then.
    const VERSION: i32;
    /// The table, with its schema, as SQL has it: `public.orders`.
    const TABLE: &'static str;
    /// A row, as `row_to_json` writes it.
    type Row: Serialize + DeserializeOwned + Send;

    /// Which rows an event touches: for each an object of the columns of its key. None for events that do not concern it.
    fn keys(event: &Recorded) -> Result<Vec<Value>, FoldError>;

    /// What becomes of the row with this key. Pure: the same row and event make the same row, today and tomorrow.
    fn fold(key: &Value, row: Option<Self::Row>, event: &Recorded) -> Result<Option<Self::Row>, FoldError>;
}

/// Why a projection is not brought up to date, rebuilt or checked.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database.
    #[error("the projection {projection} cannot be kept: {cause}")]
    Database {
        /// Which one.
        projection: &'static str,
        /// Why not.
        #[source]
        cause: sqlx::Error,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It makes no row of an event, or one that the table refuses.
    #[error("the projection {projection} cannot take event {version} of {stream}: {why}")]
    Event {
        /// Which one.
        projection: &'static str,
        /// The event's stream.
        stream: String,
        /// The event's version.
        version: i64,
        /// Why not.
        why: String,
    },
    /// Its rows are made by a newer program.
    #[error(
        "the rows of the projection {projection} are of its version {stored}, and here is only {known}: a newer program keeps them"
    )]
    Outdated {
        /// Which one.
        projection: &'static str,
        /// The version that made the rows.
        stored: i32,
        /// The version here.
        known: i32,
    },
    /// Its table is somebody else's.
    #[error(
        "the table {table} has rows that no event has made: it is somebody else's, and the projection {projection} leaves it alone. \
         It needs a table of its own, which is empty. If another projection had it that is no more, delete that one's line in \
         rowcast.projection"
    )]
    Foreign {
        /// Which projection.
        projection: &'static str,
        /// Which table.
        table: &'static str,
    },
    /// Somebody else has begun to rebuild it.
    #[error("somebody else has begun to rebuild the projection {0}, or its table is another one by now")]
    Superseded(&'static str),
    /// Transactions that keep it stay open.
    #[error("the projection {0} is not free for a moment: transactions that append stay open. Try again later")]
    Busy(&'static str),
}

impl ProjectionError {
    pub(super) fn database(projection: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |cause| Self::Database { projection, cause }
    }

    /// Whether what is to be blamed is an event, or what the table says to a row that is made of one. Trying again changes
    /// nothing then.
    pub(super) fn is_about_an_event(&self) -> bool {
        match self {
            Self::Event { .. } => true,
            // 22 data, 23 a constraint, 44 a check of a view, P0 what triggers raise (PostgreSQL manual, appendix A).
            _ => self.is_of_class(&["22", "23", "44", "P0"]),
        }
    }

    /// Whether it stays until somebody mends something: the program, the table, an event's reader.
    pub(super) fn is_lasting(&self) -> bool {
        // 42 no such table or column, or no right to it; RC what Rowcast's functions say of a table.
        self.is_about_an_event() || self.is_of_class(&["42", "RC"])
    }

    fn is_of_class(&self, classes: &[&str]) -> bool {
        let Self::Database { cause: sqlx::Error::Database(cause), .. } = self else { return false };
        cause.code().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
    }

    /// Whether somebody else holds a lock.
    pub(super) fn is_locked(&self) -> bool {
        // 55P03 a lock that was not free in time.
        self.is_of_class(&["55P03"])
    }
}

/// Brings a projection up to date with events that have just been appended in this transaction, all of them and in their order.
/// Until the transaction ends, others who touch the same rows wait. So a transaction that appends to several streams should do that first,
/// in one order for everybody, and then project: else two can wait for each other, and Postgres ends one of them.
///
/// # Errors
/// [`ProjectionError::Event`] if no row can be made of an event. The rows are as they were; the transaction should end, and with it
/// what the event says, for nobody could keep it. [`ProjectionError::Foreign`] if the table has rows and was never noted as the
/// projection's.
pub async fn project_now<P: Projection>(
    connection: &mut PgConnection,
    events: &[Recorded],
) -> Result<(), ProjectionError> {
    let touched = Touched::by::<P>(events)?;
    if touched.is_empty() {
        return Ok(());
    }
    // Of a row that is not there yet, nothing else keeps two from making it.
    query(include_str!("lock_rows.sql"))
        .bind(P::NAME)
        .bind(touched.keys().collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(ProjectionError::database(P::NAME))?;
    claim::declare::<P>(connection).await?;
    apply::apply::<P>(connection, P::TABLE, touched).await
}
