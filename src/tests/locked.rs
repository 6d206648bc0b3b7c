//! A table that others have locked, as a migration does it: whoever asks for its rows waits, and nothing else does.

use crate::support::{Client, Rows, Server, sql, with_items};
use rowcast::{
    capture,
    protocol::{Aggregate, Subscribe},
};
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Longer than a read of a table that nobody locks takes, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

#[sqlx::test(migrations = false)]
async fn a_locked_table_stops_no_other_table_of_its_connection(pool: PgPool) {
    others_go_on(pool, "lock table items in access exclusive mode").await;
}

/// The table itself can be locked for reading then, and not read.
#[sqlx::test(migrations = false)]
async fn nor_does_one_whose_indexes_are_locked(pool: PgPool) {
    others_go_on(pool, "reindex table items").await;
}

async fn others_go_on(pool: PgPool, lock_items: &'static str) {
    with_items(&pool).await;
    sql(&pool, "create table others (id int primary key, v int); insert into others values (1, 1)").await;
    capture::track(&pool, "others", capture::Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut lock = pool.begin().await.expect("begins");
    sqlx::raw_sql(lock_items).execute(&mut *lock).await.expect("locks");
    let mut client = Client::connected(&server).await;
    let mut waiting = Vec::new();
    // More than there are places for reads, and each another question.
    for nth in 0..20 {
        let asked = Subscribe { filter: Some(format!("id > {nth}")), ..Subscribe::from("items") };
        waiting.push(client.ask(asked, vec!["id".to_owned()], None, Rows::new()).await);
    }
    let aggregate = Some(Aggregate { count: true, ..Aggregate::default() });
    let totals = Subscribe { aggregate, ..Subscribe::from("items") };
    let totals = client.ask(totals, vec!["group".to_owned()], None, Rows::new()).await;
    client.until("it is told why", |client| client.has_heard("error")).await;
    let began = Instant::now();
    let others = client.subscribe("others", &["id"]).await;
    client.until("the other table", |client| client.rows_count(others) == 1).await;
    sql(&pool, "insert into others values (2, 2)").await;
    client.until("its changes", |client| client.rows_count(others) == 2).await;
    // Nor are connections of others held up.
    let mut other = Client::connected(&server).await;
    let rows = other
        .ask(
            Subscribe { filter: Some("v > 0".to_owned()), ..Subscribe::from("others") },
            vec!["id".to_owned()],
            None,
            Rows::new(),
        )
        .await;
    other.until("another connection", |client| client.rows_count(rows) == 2).await;
    let waited = began.elapsed();
    assert!(waited < SOON, "{waited:?}");
    sqlx::raw_sql("insert into items values (100, 'x')").execute(&mut *lock).await.expect("inserts");
    lock.commit().await.expect("commits");
    client.until_live().await;
    assert!(waiting.iter().all(|id| client.row(*id, "100").is_some()));
    assert_eq!(client.rows_count(totals), 1);
}
