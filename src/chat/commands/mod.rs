//! What people do. Each command is one transaction: a message, what the conversation says of it, how far its author has read and whom it
//! tells come to be together or not at all.
//!
//! Invariant: locks are taken in one order: the conversation, its messages, its marks, notifications.

mod change;
mod open;
mod read;
mod send;

pub use change::{delete, edit};
pub use open::{begin, open_room};
pub use read::read;
pub use send::send;

use super::{failure::Failure, wire::Refusal};
use crate::changelog::statement;
use sqlx::PgConnection;

/// The number of the transaction that is being written.
async fn transaction(connection: &mut PgConnection) -> Result<u64, Failure> {
    let number: i64 =
        statement::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(connection).await?;
    Ok(number.unsigned_abs())
}

/// What an outcome comes to for whoever asked.
fn told<T>(outcome: Result<T, Failure>) -> Result<T, Refusal> {
    outcome.map_err(Failure::told)
}
