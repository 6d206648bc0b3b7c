//! What can go wrong between the changelog and its readers.

use crate::protocol::Token;

/// An error of the changelog stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection to Postgres, for whatever reason: it is down, full, closed to us for a while.
    #[error("no connection to Postgres: {0}")]
    Connect(#[source] sqlx::Error),
    /// Postgres does not answer, or refuses.
    #[error("Postgres: {0}")]
    Postgres(#[source] sqlx::Error),
    /// Others have locked the table, and may do so for long. All else can be read.
    #[error("the table is locked by others")]
    Locked,
    /// There is more of it than whoever asks wants to hold in memory.
    #[error("there are more than {0} bytes of it")]
    Bulky(usize),
    /// The engine's schema could not be created or upgraded.
    #[error("the schema rowcast could not be created or upgraded: {0}")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The role may not create or use the engine's schema.
    #[error(
        "this role has no rights on the schema rowcast: {0}. Run this as the role that created the schema; or, if there \
         is none yet, as one that may create schemas (grant create on database … to …)"
    )]
    Rights(#[source] sqlx::migrate::MigrateError),
    /// A question was understood by what a table no longer is, or by policies that no longer hold. Whoever has read the changelog up to
    /// this token can understand it anew.
    #[error("the table is another one by now, or other policies hold")]
    Outdated(Token),
    /// The engine's schema says something that this program does not understand.
    #[error("the schema rowcast holds something unexpected: {0}")]
    Unexpected(String),
}

impl Error {
    /// Whether a table is not what it was taken for: its schema has changed, or who may see what of it.
    pub fn is_altered(&self) -> bool {
        if matches!(self, Self::Outdated(_)) {
            return true;
        }
        // 3F000 schema, 42P01 table, 42703 column, 42704 type, 42883 operator (PostgreSQL manual, appendix A).
        let codes = ["3F000", "42P01", "42703", "42704", "42883"];
        let Self::Postgres(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| codes.contains(&&*code))
    }

    /// Whether it took longer than it may: to try again would take as long.
    pub fn is_overtime(&self) -> bool {
        match self {
            // 57014 query canceled.
            Self::Postgres(sqlx::Error::Database(error)) => error.code().as_deref() == Some("57014"),
            Self::Postgres(sqlx::Error::Io(error)) => error.kind() == std::io::ErrorKind::TimedOut,
            _ => false,
        }
    }

    /// Whether trying again may help: the database cannot be reached, refuses everybody, or has the table locked.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Locked => true,
            Self::Postgres(error) => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                // 08 connection, 53 resources, 57 operator intervention, 58 system
                // (PostgreSQL manual, appendix A).
                sqlx::Error::Database(error) => error
                    .code()
                    .is_some_and(|code| ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))),
                _ => false,
            },
            Self::Migrate(sqlx::migrate::MigrateError::Execute(sqlx::Error::Io(_))) => true,
            Self::Migrate(_) | Self::Rights(_) | Self::Outdated(_) | Self::Unexpected(_) | Self::Bulky(_) => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // 55P03 lock not available: of the table, or of one of its indexes.
            sqlx::Error::Database(cause) if cause.code().as_deref() == Some("55P03") => Self::Locked,
            _ => Self::Postgres(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        match &error {
            // 42501 insufficient privilege.
            Execute(sqlx::Error::Database(cause)) | ExecuteMigration(sqlx::Error::Database(cause), _)
                if cause.code().as_deref() == Some("42501") =>
            {
                Self::Rights(error)
            }
            _ => Self::Migrate(error),
        }
    }
}
