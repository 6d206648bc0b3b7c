//! The schema changes while clients look: they get correct rows of the new shape, or are told why not.

use crate::support::{Client, Rows, Server, sql, with_items};
use rowcast::{
    protocol::{ErrorCode, Subscribe},
    store::Phase,
};
use sqlx::PgPool;

/// A live client of `items`, which has one row.
async fn looking(pool: &PgPool) -> (Server, Client, u64) {
    with_items(pool).await;
    sql(pool, "insert into items values (1, 'one')").await;
    let server = Server::start(pool).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    (server, client, items)
}

/// After the statement the client is told, shows these rows, and is told of what is written after that.
async fn follows(pool: &PgPool, statement: &str, rows: &[&str], write: &str, after: &[&str]) {
    let (_server, mut client, items) = looking(pool).await;
    sql(pool, statement).await;
    let shows = |client: &Client, due: &[&str]| client.rows(items).values().eq(due.iter());
    client.until(statement, |client| client.is_live() && !client.resyncs().is_empty() && shows(client, rows)).await;
    assert_eq!(client.resyncs(), ["table_altered"]);
    sql(pool, write).await;
    client.until(write, |client| shows(client, after)).await;
    assert_eq!(client.resyncs(), ["table_altered"]);
}

/// After the statement the client's subscription has ended, for this reason.
async fn ends(pool: &PgPool, statement: &str, reason: ErrorCode) {
    let (_server, mut client, items) = looking(pool).await;
    sql(pool, statement).await;
    let ended =
        |client: &Client| matches!(&client.view(items).phase, Some(Phase::Failed(error)) if error.code == reason);
    client.until(statement, ended).await;
}

#[sqlx::test(migrations = false)]
async fn a_column_is_added(pool: PgPool) {
    follows(
        &pool,
        "alter table items add column n int default 7",
        &[r#"{"id":1,"name":"one","n":7}"#],
        "update items set n = 8",
        &[r#"{"id":1,"name":"one","n":8}"#],
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn a_column_is_dropped(pool: PgPool) {
    follows(
        &pool,
        "alter table items drop column name",
        &[r#"{"id":1}"#],
        "insert into items values (2)",
        &[r#"{"id":1}"#, r#"{"id":2}"#],
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn a_column_is_renamed(pool: PgPool) {
    follows(
        &pool,
        "alter table items rename column name to title",
        &[r#"{"id":1,"title":"one"}"#],
        "update items set title = 'two'",
        &[r#"{"id":1,"title":"two"}"#],
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn a_column_gets_another_type(pool: PgPool) {
    follows(
        &pool,
        "alter table items alter column name drop default, alter column name type int using length(name)",
        &[r#"{"id":1,"name":3}"#],
        "update items set name = 4",
        &[r#"{"id":1,"name":4}"#],
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn the_primary_key_becomes_another(pool: PgPool) {
    follows(
        &pool,
        "alter table items drop constraint items_pkey, add primary key (name)",
        &[r#"{"id":1,"name":"one"}"#],
        "update items set id = 2; delete from items; insert into items values (1, 'x'), (1, 'y')",
        &[r#"{"id":1,"name":"x"}"#, r#"{"id":1,"name":"y"}"#],
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn a_change_of_the_schema_among_writes_of_the_same_transaction(pool: PgPool) {
    follows(
        &pool,
        "begin; insert into items values (2, 'two'); alter table items add column n int; update items set n = id; commit",
        &[r#"{"id":1,"name":"one","n":1}"#, r#"{"id":2,"name":"two","n":2}"#],
        "delete from items where id = 1",
        &[r#"{"id":2,"name":"two","n":2}"#],
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn the_table_is_dropped(pool: PgPool) {
    ends(&pool, "drop table items", ErrorCode::TableUntracked).await;
}

#[sqlx::test(migrations = false)]
async fn the_table_is_renamed(pool: PgPool) {
    ends(&pool, "alter table items rename to things", ErrorCode::UnknownTable).await;
}

#[sqlx::test(migrations = false)]
async fn the_table_moves_to_another_schema(pool: PgPool) {
    ends(&pool, "create schema shop; alter table items set schema shop", ErrorCode::UnknownTable).await;
}

#[sqlx::test(migrations = false)]
async fn the_primary_key_goes(pool: PgPool) {
    ends(&pool, "alter table items drop constraint items_pkey", ErrorCode::UnreadableTable).await;
}

#[sqlx::test(migrations = false)]
async fn a_filter_loses_its_column_and_others_go_on(pool: PgPool) {
    let (_server, mut client, items) = looking(&pool).await;
    let filtered = Subscribe { filter: Some("name = 'one'".to_owned()), ..Subscribe::from("items") };
    let filtered = client.ask(filtered, vec!["id".to_owned()], None, Rows::new()).await;
    client.until_live().await;
    sql(&pool, "alter table items drop column name").await;
    client
        .until("the filter's end", |client| {
            matches!(&client.view(filtered).phase, Some(Phase::Failed(error)) if error.code == ErrorCode::UnknownColumn)
        })
        .await;
    client.until("the others' rows", |client| client.row(items, "1").as_deref() == Some(r#"{"id":1}"#)).await;
}

#[sqlx::test(migrations = false)]
async fn who_was_away_while_the_schema_changed_starts_over(pool: PgPool) {
    let (_server, mut client, items) = looking(&pool).await;
    client.disconnect();
    sql(&pool, "alter table items add column n int; update items set n = 1").await;
    client.connect().await;
    // It may be live before the server knows of the change.
    let due = r#"{"id":1,"name":"one","n":1}"#;
    client.until("the new shape", |client| client.is_live() && client.row(items, "1").as_deref() == Some(due)).await;
    // Which of them depends on whether the server knows of the change when it looks at the position.
    let reasons = client.resyncs();
    assert!(reasons == ["position_too_old"] || reasons == ["table_altered"], "{reasons:?}");
}

#[sqlx::test(migrations = false)]
async fn values_are_rewritten_and_keep_their_type(pool: PgPool) {
    let (_server, mut client, items) = looking(&pool).await;
    sql(&pool, "alter table items alter name type text using name || '!'").await;
    let shows = |client: &Client, row: &str| client.row(items, "1").as_deref() == Some(row);
    client.until("they are read anew", |client| shows(client, r#"{"id":1,"name":"one!"}"#)).await;
    sql(&pool, "update items set name = 'two'").await;
    client.until("it goes on", |client| shows(client, r#"{"id":1,"name":"two"}"#)).await;
}

#[sqlx::test(migrations = false)]
async fn an_enumeration_gets_another_label(pool: PgPool) {
    let (_server, mut client, items) = looking(&pool).await;
    sql(&pool, "create type mood as enum ('a'); alter table items add column m mood default 'a'").await;
    sql(&pool, "alter type mood add value 'b'").await;
    sql(&pool, "update items set m = 'b'").await;
    client.until("it is used", |client| client.row(items, "1").is_some_and(|row| row.contains(r#""m":"b""#))).await;
}
