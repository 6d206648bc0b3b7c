//! Pages of orders that many open at the same moment, of a server with few connections: each reads several tables in one snapshot.

use super::{Caller, script, show, with_tables};
use crate::support::Server;
use rowcast::{identity::Anonymous, protocol::Role};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::timeout;

/// Far fewer than pages.
const CONNECTIONS: u32 = 4;
const PAGES: usize = 24;
/// Longer than all of them take one after the other.
const PATIENCE: Duration = Duration::from_secs(60);

#[sqlx::test(migrations = false)]
async fn pages_wait_for_each_other_and_all_of_them_come_whole(pool: PgPool) {
    with_tables(&pool).await;
    show(&pool).await;
    let server = Server::start_with(&pool, |config| {
        config.identity.anonymous = Anonymous::Nobody;
        config.database.max_connections = CONNECTIONS;
    })
    .await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let paths = [staff.order(1, 1).await.id(), staff.order(2, 2).await.id()].map(|id| format!("/orders/{id}"));
    for _ in 0..3 {
        let pages = (0..PAGES).map(|nth| staff.send("GET", &paths[nth % 2], "accept: text/html\r\n", ""));
        let all = timeout(PATIENCE, futures::future::join_all(pages)).await.expect("none waits for ever");
        for page in all {
            let text = page.body.to_string();
            assert_eq!(page.status, 200);
            assert!(text.contains("Go back in time") && !text.contains("cannot be read"), "{text}");
        }
    }
}
