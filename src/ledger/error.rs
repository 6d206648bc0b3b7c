//! What can go wrong between the ledger and those who use it.

use super::codec::DecodeError;

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where it was expected to be. It is held from here on: whoever reads it again in the same transaction
    /// and then appends is not refused again.
    #[error("the stream is at version {current}, which is not what was expected")]
    Conflict {
        /// Where it is; 0 if there is no such stream.
        current: i64,
    },
    /// What was given cannot be kept as an event.
    #[error("{what} cannot be kept in the ledger: {why}")]
    Unfit {
        /// What.
        what: String,
        /// Why not.
        why: &'static str,
    },
    /// The database.
    #[error("the ledger cannot be written: {0}")]
    Database(#[from] sqlx::Error),
}

/// Why the ledger, or what is kept from it, cannot be read or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database.
    #[error("the ledger cannot be read: {0}")]
    Database(#[from] sqlx::Error),
    /// What was given is not a time.
    #[error("{0:?} is not a time; 2026-03-01T12:00:00Z is one")]
    Time(String),
    /// An event is not what its reader understands.
    #[error("event {version} of {stream} cannot be read: {cause}")]
    Unreadable {
        /// In which stream.
        stream: String,
        /// At which version of it.
        version: i64,
        /// Why not.
        cause: DecodeError,
    },
    /// The database holds something that this program does not understand.
    #[error("the ledger holds something unexpected: {0}")]
    Unexpected(String),
    /// A position is ahead of the database, which has been put back.
    #[error(
        "the position is ahead of the ledger, which has been put back or is another one: rebuild what was read from it"
    )]
    Ahead,
}

impl LedgerError {
    /// Of a failed statement in which `time` was read.
    pub(super) fn of_time(error: sqlx::Error, time: Option<&str>) -> Self {
        // 22007 is not a time, 22008 is not on the calendar, 22009 has no such zone (PostgreSQL manual, appendix A); 22023 is
        // what unknown zones are told with.
        let is_about_time = |code: &str| ["22007", "22008", "22009", "22023"].contains(&code);
        match (&error, time) {
            (sqlx::Error::Database(cause), Some(time)) if cause.code().as_deref().is_some_and(is_about_time) => {
                Self::Time(time.to_owned())
            }
            _ => Self::Database(error),
        }
    }
}
