//! What one transaction does shows as one. (That each commit shows exactly its position is what the oracle is about.)

use crate::support::{Client, Server, sql};
use rowcast::{capture, changelog};
use sqlx::PgPool;

const TABLES: [&str; 2] = ["a", "b"];

#[sqlx::test(migrations = false)]
async fn the_changes_of_one_transaction_appear_together_in_all_tables(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    for table in TABLES {
        sql(&pool, &format!("create table {table} (id int primary key, v int); insert into {table} values (1, 100)"))
            .await;
        capture::track(&pool, table, rowcast::capture::Trust::Checked).await.expect("tracks");
    }
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let a = client.subscribe("a", &["id"]).await;
    let b = client.subscribe("b", &["id"]).await;
    client.until_live().await;
    let writer = {
        let pool = pool.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                sql(&pool, "begin; update a set v = v - 1; update b set v = v + 1; commit").await;
            }
        })
    };
    let amount = |client: &Client, id: u64| -> i64 {
        let row = client.row(id, "1").expect("stays");
        serde_json::from_str::<serde_json::Value>(&row).expect("JSON")["v"].as_i64().expect("a number")
    };
    client
        .until("all has moved", |client| {
            let (left, right) = (amount(client, a), amount(client, b));
            assert_eq!(left + right, 200, "a transfer is shown by halves");
            left == -100
        })
        .await;
    writer.await.expect("writes");
}
