//! Why people could not be looked up or changed.

/// What can go wrong. None of it says anything about a particular account.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The database refused or did not answer.
    #[error("the database did not do it: {0}")]
    Database(#[from] sqlx::Error),
    /// Too many passwords are being checked.
    #[error("too many people sign in at once; try again in a moment")]
    Busy,
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
}
