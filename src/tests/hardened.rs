//! A database of which its keepers have taken back what everybody usually may.

use crate::support::{Client, Server, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog,
    protocol::Role,
    rights,
};
use sqlx::{PgPool, postgres::PgPoolOptions};

#[sqlx::test(migrations = false)]
async fn a_role_that_may_ask_nothing_about_the_cluster_runs_a_server(pool: PgPool) {
    let role = format!("keeper_{}", value::<i32>(&pool, "select pg_backend_pid()").await);
    sql(
        &pool,
        &format!(
            "revoke execute on function pg_control_system(), pg_walfile_name(pg_lsn), pg_current_wal_insert_lsn() from public;
             create role {role};
             do $$ begin execute format('grant create on database %I to {role}', current_database()); end $$;
             grant usage, create on schema public to {role}"
        ),
    )
    .await;
    let options = pool.connect_options().as_ref().clone().options([("role", &*role)]);
    let own = PgPoolOptions::new().max_connections(3).connect_with(options.clone()).await.expect("connects");
    assert!(sqlx::query("select pg_control_system()").execute(&own).await.is_err(), "it may not");
    changelog::install(&own).await.expect("installs");
    sql(&own, "create table items (id int primary key, name text not null default '')").await;
    capture::track(&own, "items", Trust::Checked).await.expect("tracks");
    rights::grant_all(&own, Role::Admin).await.expect("grants");
    let server = Server::over(options, "127.0.0.1:0".parse().expect("an address"), |_| {}).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    sql(&own, "insert into items values (1, 'there')").await;
    client.until("it is told", |client| client.row(items, "1").is_some()).await;
    // And goes on from where it was.
    client.disconnect();
    sql(&own, "insert into items values (2, 'later')").await;
    client.connect().await;
    client.until("it is told", |client| client.row(items, "2").is_some()).await;
    assert!(client.resyncs().is_empty(), "{:?}", client.resyncs());
    server.stop().await;
    own.close().await;
    sql(&pool, &format!("drop owned by {role} cascade; drop role {role}")).await;
}
