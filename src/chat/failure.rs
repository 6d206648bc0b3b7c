//! Why a transaction of a command came to nothing.

use super::wire::Refusal;
use crate::changelog;

/// Why a transaction was rolled back.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It was decided so.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The database.
    #[error("the database did not do it: {0}")]
    Database(#[from] sqlx::Error),
    /// What people may see could not be read.
    #[error(transparent)]
    Rights(#[from] changelog::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failure {
    /// What whoever asked is told.
    pub(super) fn told(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            // undefined_table, undefined_column: there is no chat in this database, or something else under its names.
            Self::Database(error) if matches!(code(&error).as_deref(), Some("42P01" | "42703")) => {
                tracing::debug!(%error, "there is no chat in this database");
                Refusal::NotFound
            }
            other => {
                tracing::warn!(error = %other, "a command of chat failed");
                Refusal::Unavailable
            }
        }
    }

    /// Whether something like it was there already, under the index of this name.
    pub(super) fn is_taken(&self, index: &str) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.is_unique_violation() && error.constraint() == Some(index))
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}
