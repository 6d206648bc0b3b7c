//! Removes what has expired: logins, tickets, and attempts that nobody remembers.

use crate::changelog::statement;
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often. Nothing that has expired is worth anything before it is removed.
const EVERY: Duration = Duration::from_secs(10 * 60);

const STATEMENTS: [&str; 3] = [
    "delete from rowcast.login where expires_at <= now()",
    "delete from rowcast.ticket where expires_at <= now()",
    "delete from rowcast.attempt where last < now() - interval '1 hour'",
];

/// Sweeps now and then until `stop` is cancelled.
pub async fn sweep(pool: PgPool, stop: CancellationToken) {
    loop {
        for statement in STATEMENTS {
            if let Err(error) = statement::execute(&pool, statement::query(statement)).await {
                tracing::debug!(%error, "what has expired is removed later");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
