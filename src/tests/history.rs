//! A database whose files are put back is another one from then on: by command, or when the server sees it.

use crate::support::{Client, Server, eventually, sql, url_of, value, with_items};
use rowcast::{
    changelog::{self, Tailer, WakeUp},
    hub::Catalog,
    protocol::Position,
};
use sqlx::PgPool;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

const ID: &str = "select id::text from rowcast.history";

async fn live(server: &Server) -> (Client, u64) {
    let mut client = Client::connected(server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    (client, items)
}

#[sqlx::test(migrations = false)]
async fn after_the_command_everybody_starts_over_without_losing_the_connection(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let (first, second) = (Server::start(&pool).await, Server::start(&pool).await);
    let (mut one, one_items) = live(&first).await;
    let (mut two, two_items) = live(&second).await;
    let before = value::<String>(&pool, ID).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowcast"));
    let told = command.arg("new-history").env("DATABASE_URL", url_of(&pool).await).output().await.expect("runs");
    assert!(told.status.success(), "{told:?}");
    assert_ne!(value::<String>(&pool, ID).await, before);
    for (client, items) in [(&mut one, one_items), (&mut two, two_items)] {
        client.until("it is told", |client| !client.resyncs().is_empty()).await;
        client.until_live().await;
        assert_eq!(client.resyncs(), ["position_foreign"]);
        assert!(!client.has_heard("source"), "the database was there all the time");
        sql(&pool, "update items set name = name || '.'").await;
        client.until("it goes on", |client| client.row(items, "1").is_some_and(|row| row.contains('.'))).await;
    }
}

#[sqlx::test(migrations = false)]
async fn a_database_that_is_behind_what_was_read_from_it_has_a_new_history_at_once(pool: PgPool) {
    with_items(&pool).await;
    let tailer = Tailer::start(pool.clone(), WakeUp::Auto).await.expect("starts");
    let hub = tailer.hub().clone();
    let (token, before) = (hub.token(), value::<String>(&pool, ID).await);
    let tables: Catalog = hub.find_table("items").map(|table| (*table).clone()).into_iter().collect();
    // What is read next is what a database says that was put back by a million transactions.
    hub.skip_to(token.epoch, Position::new(token.position.next() + 1_000_000, []), tables);
    let stop = CancellationToken::new();
    let feeding = tokio::spawn(tailer.run(stop.clone()));
    eventually("it stands where the database does", || async { hub.token().epoch != token.epoch }).await;
    assert_ne!(value::<String>(&pool, ID).await, before);
    assert_eq!(hub.token().epoch, changelog::epoch(&pool).await.expect("reads"));
    assert!(!hub.token().position.includes(token.position.next() + 500_000));
    stop.cancel();
    feeding.await.expect("ends");
}

/// Anybody can send one.
#[sqlx::test(migrations = false)]
async fn a_token_from_the_future_ends_no_history(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (client, _) = live(&server).await;
    let token = client.token.clone().expect("has a position");
    let (epoch, _) = token.split_once('.').expect("epoch and position");
    let before = value::<String>(&pool, ID).await;
    let mut forger = Client::connected(&server).await;
    forger.subscribe_from("items", &["id"], Some(format!("{epoch}.ffffffffffff")), Default::default()).await;
    forger.until_live().await;
    assert_eq!(forger.resyncs(), ["position_unknown"]);
    assert_eq!(value::<String>(&pool, ID).await, before);
    assert!(client.resyncs().is_empty());
}
