//! Why rights cannot be given, taken or explained. Each message says what to do.

use crate::{changelog, hub::filter::FilterError};

/// An error of this stage.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// There is no such live table.
    #[error("{0} is not live; `rowcast track {0}` makes it live, `rowcast tables` lists what is")]
    NotTracked(String),
    /// There is no such column.
    #[error("{table} has no column {column:?}; it has {known}")]
    NoColumn {
        /// Of which table.
        table: String,
        /// Which column.
        column: String,
        /// What there is.
        known: String,
    },
    /// The filter cannot be used.
    #[error("the filter of the policy cannot be used: {error}{}", place(.at))]
    Filter {
        /// Why.
        error: FilterError,
        /// Where in the filter, in bytes.
        at: Option<usize>,
    },
    /// A name means another column than when it was granted.
    #[error(
        "{column:?} is another column than when this was granted (it was renamed, or dropped and added again), so nobody sees \
         anything by it; if this column is meant, grant it again"
    )]
    Moved {
        /// Its name.
        column: String,
    },
    /// What was typed is no key of the table.
    #[error("{table} has the key ({key}): type its value, or its {parts} values with commas between them")]
    Key {
        /// Of which table.
        table: String,
        /// Its columns.
        key: String,
        /// How many.
        parts: usize,
    },
    /// The database refused.
    #[error("the database refused: {0}")]
    Database(#[from] sqlx::Error),
    /// The changelog cannot be used.
    #[error(transparent)]
    Changelog(#[from] changelog::Error),
}

impl From<FilterError> for RightsError {
    fn from(error: FilterError) -> Self {
        Self::Filter { at: error.at, error }
    }
}

fn place(at: &Option<usize>) -> String {
    at.map(|at| format!(" (at byte {at})")).unwrap_or_default()
}
