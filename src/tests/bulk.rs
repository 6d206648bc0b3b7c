//! However much one transaction changes, the server goes on, in little memory, and so do those who look at something else.

use crate::support::{Client, Node, Rows, eventually, sql, url_of, with_items};
use rowcast::{
    capture::{self, Trust},
    changelog::{Tailer, WakeUp},
    protocol::{OrderBy, Subscribe},
};
use sqlx::{AssertSqlSafe, PgPool};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Rows of the large transaction.
const ROWS: u64 = 1_000_000;
/// From its commit until everybody has what it changed, on two cores that others use, too.
const IN_TIME: Duration = Duration::from_secs(20);
/// What the server may need more while it passes, at most: the changes are several times that, as text.
const MEMORY_KB: u64 = 128 * 1024;
/// Of a look in these tests. To sort the changes takes several times that.
const ROW_TIMEOUT: Duration = Duration::from_secs(1);
/// A hub that starts wants to begin where the database stood some time ago, which is before the transaction.
const SET_A_MARK: &str = "insert into rowcast.mark (at) values (now() - interval '5 minutes')";

/// A figure of /proc/…/status in kB.
fn memory(process: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with(key)).expect("is there");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[sqlx::test(migrations = false)]
async fn a_transaction_of_a_million_rows_passes_in_bounded_memory(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1); create table busy (id int primary key, sku text, name text, price numeric(12, 2), at timestamptz)").await;
    capture::track(&pool, "busy", Trust::Checked).await.expect("tracks");
    sql(&pool, SET_A_MARK).await;
    let mut node = Node::start(&url_of(&pool).await, "").await;
    let mut client = Client::of(node.address());
    client.connect().await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    let order = vec![OrderBy { column: "id".to_owned(), desc: true, ..OrderBy::default() }];
    let window = Subscribe { order, limit: Some(3), ..Subscribe::from("busy") };
    let mut looker = Client::of(node.address());
    looker.connect().await;
    let newest = looker.ask(window, vec!["id".to_owned()], None, Rows::new()).await;
    looker.until_live().await;
    // A second server, which is not patient.
    let tailer = Tailer::start(pool.clone(), WakeUp::Auto).await.expect("starts").with_row_timeout(ROW_TIMEOUT);
    let (hub, stop) = (tailer.hub().clone(), CancellationToken::new());
    let feeding = tokio::spawn(tailer.run(stop.clone()));

    let before = memory(node.process(), "VmRSS");
    let writing = Instant::now();
    let mut transaction = pool.begin().await.expect("begins");
    let write = format!(
        "update items set name = 'beside' where id = 1;
         insert into busy select g, 'SKU-' || g, 'An article with a name of some length, number ' || g, g / 100.0, now()
         from generate_series(1, {ROWS}) g"
    );
    sqlx::raw_sql(AssertSqlSafe(write)).execute(&mut *transaction).await.expect("writes");
    let number: String =
        sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(&mut *transaction).await.expect("a number");
    transaction.commit().await.expect("commits");
    let written = writing.elapsed();
    let committed = Instant::now();
    client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains("beside"))).await;
    let arrived = committed.elapsed();
    sql(&pool, "update items set name = 'after' where id = 1").await;
    client.until("it goes on", |client| client.row(items, "1").is_some_and(|row| row.contains("after"))).await;
    let went_on = committed.elapsed();
    looker.until("the newest", |client| client.row(newest, "1000000").is_some()).await;
    let growth = memory(node.process(), "VmHWM").saturating_sub(before);
    println!(
        "a million rows, written in {written:.1?}: seen by others after {arrived:.1?}, the next change after {went_on:.1?}; \
         the server took {growth} kB more than the {before} kB before"
    );
    assert!(went_on < IN_TIME, "{went_on:?}");
    assert!(client.resyncs().is_empty() && !client.has_heard("source"), "who looks at something else is not disturbed");
    assert!(growth < MEMORY_KB, "{growth} kB");
    let number = number.parse().expect("a number");
    eventually("the impatient one learns of it", || async { hub.token().position.includes(number) }).await;
    assert!(hub.is_available());
    stop.cancel();
    feeding.await.expect("ends");

    // It starts anew with all that behind it, and so do clients who come from before and after it.
    node.kill().await;
    let starting = Instant::now();
    node.revive().await;
    println!("started again after {:.1?}", starting.elapsed());
    let mut fresh = Client::of(node.address());
    fresh.connect().await;
    let items = fresh.subscribe("items", &["id"]).await;
    fresh.until_live().await;
    sql(&pool, "update items set name = 'again' where id = 1").await;
    fresh.until("it is live", |client| client.row(items, "1").is_some_and(|row| row.contains("again"))).await;
}
