//! Marking as read, as SQL.

use super::actions::{Answer, Marked, Refusal, Shown};
use crate::identity::visitor::principal_asking;
use leptos::prelude::use_context;
use sqlx::PgPool;

/// Marks whoever asks to have read what they were shown, and what has a lower number than `before`; only what is theirs.
pub(super) async fn mark(shown: Shown, before: i64) -> Answer {
    let account = principal_asking().and_then(|principal| principal.account).ok_or(Refusal::SignedOut)?;
    let Some(pool) = use_context::<PgPool>() else {
        tracing::error!("a server function was called without a database in its context");
        return Err(Refusal::Unavailable);
    };
    match run(&pool, account, shown, before).await {
        Ok((count, transaction)) => Ok(Marked { count: count.unsigned_abs(), transaction: transaction.unsigned_abs() }),
        Err(error) => {
            tracing::warn!(%error, account, "notifications could not be marked as read");
            Err(Refusal::Unavailable)
        }
    }
}

/// In a transaction and without a name: behind a pooler, the session belongs to others, too.
async fn run(pool: &PgPool, account: i64, shown: Shown, before: i64) -> Result<(i64, i64), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let statement = sqlx::query_as(include_str!("mark.sql")).persistent(false).bind(account).bind(shown.0).bind(before);
    let marked = statement.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(marked)
}
