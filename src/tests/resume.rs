//! A position is never forgotten silently: a client continues where it was, or is told that it cannot.

use crate::support::{Client, Rows, Server, eventually, sql, value, with_items};
use rowcast::{capture, changelog};
use sqlx::PgPool;
use std::time::Duration;

async fn live(server: &Server) -> (Client, u64) {
    let mut client = Client::connected(server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    (client, items)
}

#[sqlx::test(migrations = false)]
async fn a_lost_connection_continues_with_what_was_missed_and_nothing_else(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items select g, 'a' from generate_series(1, 2000) g").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    assert_eq!(client.rows(items).len(), 2000);
    let (mut other, others) = live(&server).await;
    client.disconnect();
    sql(
        &pool,
        "update items set name = 'b' where id = 7; delete from items where id = 8; insert into items values (0, 'c')",
    )
    .await;
    sql(&pool, "update items set name = 'd' where id = 7").await;
    other
        .until("the server knows it all", |client| client.row(others, "7").is_some_and(|row| row.contains(r#""d""#)))
        .await;
    client.connect().await;
    client.until("the row changes", |client| client.row(items, "7").is_some_and(|row| row.contains(r#""d""#))).await;
    assert!(!client.has_heard("snapshot") && client.resyncs().is_empty());
    assert_eq!(client.rows(items).len(), 2000);
    assert_eq!((client.row(items, "8"), client.row(items, "0").is_some()), (None, true));
    let text = client.heard.join("\n");
    assert_eq!(text.matches(r#""op":"#).count(), 3, "one net change per row: {text}");
}

#[sqlx::test(migrations = false)]
async fn a_client_continues_on_a_server_that_was_not_there_before(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    server.kill();
    sql(&pool, "update items set name = 'while it was down' where id = 1; delete from items where id = 2").await;
    let server = Server::start(&pool).await;
    client.move_to(&server).await;
    client.until("it catches up", |client| client.rows(items).len() == 1).await;
    assert!(client.row(items, "1").expect("stays").contains("while it was down"));
    assert!(!client.has_heard("snapshot") && client.resyncs().is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_late_commit_is_not_lost_to_a_token_taken_while_it_was_open(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let mut late = pool.begin().await.expect("begins");
    sqlx::query("update items set name = 'late' where id = 1").execute(&mut *late).await.expect("writes");
    sql(&pool, "update items set name = 'early' where id = 2").await;
    client
        .until("nobody waits for the open transaction", |client| {
            client.row(items, "2").is_some_and(|row| row.contains("early"))
        })
        .await;
    assert!(!client.row(items, "1").expect("is there").contains("late"));
    client.disconnect();
    late.commit().await.expect("commits");
    // Once from the ring, once from the changelog.
    let token = client.token.clone().expect("has a position");
    let rows = client.rows(items);
    client.connect().await;
    client.until("the late change", |client| client.row(items, "1").is_some_and(|row| row.contains("late"))).await;
    assert!(!client.has_heard("snapshot"));
    server.kill();
    let server = Server::start(&pool).await;
    let mut other = Client::connected(&server).await;
    let again = other.subscribe_from("items", &["id"], Some(token), rows).await;
    other
        .until("the late change, again", |client| client.row(again, "1").is_some_and(|row| row.contains("late")))
        .await;
    assert!(!other.has_heard("snapshot"));
}

/// Subscribes with a token and says how the server answered, and that the rows are right in the end.
async fn resumed_with(server: &Server, token: &str) -> Vec<String> {
    let mut client = Client::connected(server).await;
    let wrong: Rows = [("99".to_owned(), r#"{"id":99,"name":"not in the database"}"#.to_owned())].into();
    let items = client.subscribe_from("items", &["id"], Some(token.to_owned()), wrong).await;
    client.until_live().await;
    let keys: Vec<String> = client.rows(items).into_keys().collect();
    assert_eq!(keys, ["1"], "{token}");
    client.resyncs()
}

#[sqlx::test(migrations = false)]
async fn a_token_that_means_nothing_here_is_answered_with_a_resync(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (client, _) = live(&server).await;
    let token = client.token.clone().expect("has a position");
    let (epoch, position) = token.split_once('.').expect("epoch and position");
    for garbage in ["", "garbage", "🦀", "1", &format!("{epoch}.zz"), &"1.".repeat(20_000)] {
        assert_eq!(resumed_with(&server, garbage).await, ["position_malformed"], "{garbage:.40}");
    }
    assert_eq!(resumed_with(&server, &format!("123456789abcdef0.{position}")).await, ["position_foreign"]);
    for ahead in [format!("{epoch}.ffffffffffff"), format!("{epoch}.ffffffffffffffff")] {
        assert_eq!(resumed_with(&server, &ahead).await, ["position_unknown"], "{ahead}");
    }
    assert_eq!(resumed_with(&server, &format!("{epoch}.1")).await, ["position_too_old"], "before it was tracked");
}

#[sqlx::test(migrations = false)]
async fn a_token_that_needs_pruned_changes_is_answered_with_a_resync(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2)").await;
    let server = Server::start(&pool).await;
    let (client, _) = live(&server).await;
    let token = client.token.clone().expect("has a position");
    sql(&pool, "delete from items where id = 2").await;
    server.kill();
    // Whatever is open anywhere in the cluster, such as in another test, holds the horizon back.
    eventually("all of it is pruned", || async {
        changelog::prune(&pool, Duration::ZERO).await.expect("prunes");
        value::<i64>(&pool, "select count(*) from rowcast.change").await == 0
    })
    .await;
    let server = Server::start(&pool).await;
    assert_eq!(resumed_with(&server, &token).await, ["position_too_old"]);
}

#[sqlx::test(migrations = false)]
async fn a_token_from_before_the_table_was_tracked_anew_is_answered_with_a_resync(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2)").await;
    let server = Server::start(&pool).await;
    let (client, _) = live(&server).await;
    let token = client.token.clone().expect("has a position");
    server.kill();
    capture::untrack(&pool, "items").await.expect("untracks");
    sql(&pool, "delete from items where id = 2").await;
    capture::track(&pool, "items", rowcast::capture::Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    assert_eq!(resumed_with(&server, &token).await, ["position_too_old"]);
}
