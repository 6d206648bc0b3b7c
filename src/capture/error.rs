//! Why a table was not attached or detached. Each message says what to do.

/// An error of the capture stage.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// There is no such table.
    #[error(
        "there is no table {name}. Names are as in SQL: schema.table, with double quotes where there are capitals or \
         spaces, as in '\"Order Lines\"'"
    )]
    Missing {
        /// As given.
        name: String,
    },
    /// It exists and cannot be tracked.
    #[error("{table} cannot be tracked: it is {what}")]
    Unsuitable {
        /// Quoted as SQL needs it.
        table: String,
        /// What it is, and what to do.
        what: &'static str,
    },
    /// It has no primary key.
    #[error(
        "{table} cannot be tracked: it has no primary key, and without one nobody can say which row changed. \
         Add one, for example: alter table {table} add column id bigint generated always as identity primary key"
    )]
    NoPrimaryKey {
        /// Quoted as SQL needs it.
        table: String,
    },
    /// The role may not attach triggers that fire always.
    #[error(
        "{table} belongs to {owner}, and {role} may not attach triggers to it. Run this as {owner}, or as a superuser: \
         grant {owner} to {role}"
    )]
    NotOwner {
        /// Quoted as SQL needs it.
        table: String,
        /// Its owner.
        owner: String,
        /// The role that tried.
        role: String,
    },
    /// Its owner is trusted less than the role that captures and reads.
    #[error(
        "{table} belongs to {owner}, whose casts and types would run with the rights of {capturer} whenever a row is captured \
         or read. Have {owner} own the schema rowcast; or, if whoever is {owner} may do what {capturer} may, type: \
         rowcast track --trust-owner {table}"
    )]
    OwnerNotTrusted {
        /// Quoted as SQL needs it.
        table: String,
        /// Its owner.
        owner: String,
        /// Who owns the capture function.
        capturer: String,
    },
    /// The role has no rights on the engine's schema, or another one that Postgres names.
    #[error("{table}: {message}. Run this as the role that created the schema rowcast, or as a superuser")]
    Rights {
        /// Quoted as SQL needs it.
        table: String,
        /// In the words of Postgres.
        message: String,
    },
    /// Writers kept the table locked.
    #[error("{table} is locked by a running transaction; nothing was changed. Try again when it has ended")]
    Busy {
        /// Quoted as SQL needs it.
        table: String,
    },
    /// It is not tracked.
    #[error("{name} is not tracked; `rowcast tables` lists what is")]
    NotTracked {
        /// As given.
        name: String,
    },
    /// Postgres does not answer, or refuses for another reason.
    #[error("Postgres: {0}")]
    Postgres(#[from] sqlx::Error),
}

impl TrackError {
    pub(super) fn from_sql(error: sqlx::Error, table: &str) -> Self {
        let sqlx::Error::Database(cause) = &error else { return Self::Postgres(error) };
        match cause.code().as_deref() {
            Some("42501") => Self::Rights { table: table.to_owned(), message: cause.message().to_owned() },
            Some("55P03") => Self::Busy { table: table.to_owned() },
            _ => Self::Postgres(error),
        }
    }
}
