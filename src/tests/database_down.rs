//! The database goes and comes back: clients are told, nothing is lost, what was asked for meanwhile starts by itself.

use crate::support::{Client, Server, sql, value, with_items};
use rowcast::capture::{Trust, track};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// Nobody gets in, and everybody is thrown out.
async fn shut(admin: &mut PgConnection, name: &str) {
    for statement in [
        format!("alter database {name} allow_connections false"),
        format!("select pg_terminate_backend(pid) from pg_stat_activity where quote_ident(datname) = '{name}'"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *admin).await.expect("executes");
    }
}

#[sqlx::test(migrations = false)]
async fn an_outage_is_told_and_lost_to_nobody(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let name: String = value(&pool, "select quote_ident(current_database())").await;
    sql(&pool, "create table others (id int primary key)").await;
    track(&pool, "others", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    let elsewhere = pool.connect_options().as_ref().clone().database("postgres");
    let mut admin = PgConnection::connect_with(&elsewhere).await.expect("connects");
    shut(&mut admin, &name).await;
    client.until("it is told", |client| client.available == Some(false)).await;
    assert_eq!(client.rows(items).len(), 1, "what was shown stays");
    // Subscribed during the outage.
    let mut late = Client::connected(&server).await;
    // Not what somebody has just read for everybody.
    let late_others = late.subscribe("others", &["id"]).await;
    late.until("it is told to wait", |client| client.heard.iter().any(|frame| frame.contains("source_unavailable")))
        .await;
    assert_eq!(late.available, Some(false));
    sqlx::raw_sql(AssertSqlSafe(format!("alter database {name} allow_connections true")))
        .execute(&mut admin)
        .await
        .expect("opens");
    sql(&pool, "update items set name = 'after' where id = 1; insert into others values (2)").await;
    client.until("it is well again", |client| client.available == Some(true)).await;
    client.until("the change", |client| client.row(items, "1").is_some_and(|row| row.contains("after"))).await;
    assert!(client.resyncs().is_empty());
    late.until("it starts by itself", |client| client.is_live() && client.row(late_others, "2").is_some()).await;
}
