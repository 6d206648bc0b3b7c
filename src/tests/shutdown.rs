//! A server that ends says so; one that is killed does not, and both are continued from.

use crate::support::{Client, Server, sql, with_items};
use sqlx::PgPool;
use std::time::{Duration, Instant};

#[sqlx::test(migrations = false)]
async fn a_stopping_server_sends_its_clients_away_in_time_and_they_continue(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let address = server.address;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    // One that does not answer must not hold up the end.
    let silent = crate::support::client::open(address).await;
    let before = Instant::now();
    let (code, ()) = tokio::join!(client.until_closed(), server.stop());
    assert_eq!(code, Some(1001));
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    drop(silent);
    sql(&pool, "update items set name = 'meanwhile' where id = 1").await;
    let _server = Server::start_at(&pool, address).await;
    client.until("it catches up", |client| client.row(items, "1").is_some_and(|row| row.contains("meanwhile"))).await;
    assert!(!client.has_heard("snapshot"));
}

#[sqlx::test(migrations = false)]
async fn clients_of_a_killed_server_continue_on_the_next_one(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let address = server.address;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::connected(&server).await;
        let items = client.subscribe("items", &["id"]).await;
        client.until_live().await;
        clients.push((client, items));
    }
    server.kill();
    sql(&pool, "update items set name = 'meanwhile' where id = 1").await;
    for (client, _) in &mut clients {
        client.until_closed().await;
    }
    let _server = Server::start_at(&pool, address).await;
    for (mut client, items) in clients {
        client
            .until("it catches up", |client| client.row(items, "1").is_some_and(|row| row.contains("meanwhile")))
            .await;
        assert!(!client.has_heard("snapshot"));
    }
}
