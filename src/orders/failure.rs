//! Why a transaction of a command came to nothing, as the loop around it sees it: refused, to be tried again, or given up.

use super::{
    refusal::{Refusal, RefusalCode},
    stock::Full,
};
use crate::{
    changelog,
    ledger::{AppendError, LedgerError, ProjectionError},
    store::ReadError,
};
use sqlx::{
    Error,
    postgres::{PgDatabaseError, PgSeverity},
};

/// Why a transaction was rolled back.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It was decided so.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Pieces cannot go back.
    #[error(transparent)]
    Full(#[from] Full),
    /// The database.
    #[error("the database did not do it: {0}")]
    Database(#[from] Error),
    /// What people may see could not be read.
    #[error(transparent)]
    Rights(#[from] changelog::Error),
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A read model could not be brought up to date.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// The ledger could not be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The connection was lost while the database ended the transaction.
    #[error("nobody knows how the transaction ended: {0}")]
    Unconfirmed(Error),
}

impl Failure {
    /// What the database said to the end of a transaction.
    pub(super) fn of_commit(error: Error) -> Self {
        // What it says itself, it says of a transaction that it has rolled back; unless it ends the connection, which it may have been
        // told to do at any moment.
        let severity = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        match severity.map(PgDatabaseError::severity) {
            None | Some(PgSeverity::Fatal | PgSeverity::Panic) => Self::Unconfirmed(error),
            Some(_) => Self::Database(error),
        }
    }

    /// Whether the same might succeed at once: somebody else was in the way, and is gone.
    pub(super) fn is_passing(&self) -> bool {
        // serialization_failure, deadlock_detected.
        self.database().is_some_and(|error| matches!(code(error).as_deref(), Some("40001" | "40P01")))
    }

    /// What whoever asked is told.
    pub(super) fn told(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Full(full) => full.told(None),
            Self::Unconfirmed(error) => {
                tracing::warn!(%error, "nobody knows whether a command was carried out");
                Refusal::unconfirmed()
            }
            other => match other.database() {
                Some(error) => of_reading(error),
                None => {
                    tracing::error!(error = %other, "a command failed");
                    Refusal::unavailable()
                }
            },
        }
    }

    fn database(&self) -> Option<&Error> {
        match self {
            Self::Database(error)
            | Self::Rights(changelog::Error::Postgres(error) | changelog::Error::Connect(error))
            | Self::Ledger(LedgerError::Database(error))
            | Self::Projection(
                ProjectionError::Database { cause: error, .. } | ProjectionError::Ledger(LedgerError::Database(error)),
            )
            | Self::Append(AppendError::Database(error)) => Some(error),
            _ => None,
        }
    }
}

/// What whoever asked is told if orders cannot be read.
pub(super) fn of_sight(error: ReadError) -> Refusal {
    match error {
        ReadError::Unavailable => Refusal::unavailable(),
        // Also for whoever may not see them: they are not told that they are there.
        ReadError::NotTracked(_) => Refusal::new(RefusalCode::NotFound, "There are no orders on this server"),
        ReadError::OtherColumns(_) | ReadError::Refused(_) => {
            Refusal::new(RefusalCode::NotAllowed, "Too little of orders is granted to you to answer this")
        }
    }
}

/// What whoever asked is told if events cannot be read.
pub(super) fn of_ledger(error: LedgerError) -> Refusal {
    Failure::from(error).told()
}

fn of_reading(error: &Error) -> Refusal {
    // undefined_table, undefined_column: there may be tables of these names that are somebody else's.
    if matches!(code(error).as_deref(), Some("42P01" | "42703")) {
        tracing::debug!(%error, "there are no orders in this database");
        return Refusal::new(RefusalCode::NotFound, "There are no orders on this server");
    }
    tracing::warn!(%error, "orders cannot be read or written");
    Refusal::unavailable()
}

fn code(error: &Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}
