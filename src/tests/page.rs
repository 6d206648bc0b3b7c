//! From rows that came with a page to live rows without a gap, while others write all the time.

use crate::support::{Client, Rows, Server, client::key_text, sql, with_items};
use rowcast::{
    changelog::{PageSnapshots, Snapshot},
    hub::{Definition, Table},
};
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use std::time::Duration;

async fn items_table(pool: &PgPool) -> Table {
    let mut snapshot = Snapshot::open(pool, &[]).await.expect("opens");
    snapshot.tables().await.expect("reads").remove(0)
}

#[sqlx::test(migrations = false)]
async fn pages_continue_on_the_socket_without_a_snapshot_and_without_a_gap(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items select g, 'a' from generate_series(1, 200) g").await;
    let server = Server::start(&pool).await;
    let table = items_table(&pool).await;
    let over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (pool, over) = (pool.clone(), over.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !over.load(Ordering::Relaxed) {
                    n += 1;
                    let key = 1 + (n * 7 + writer * 61) % 200;
                    sql(&pool, &format!("update items set name = '{writer}.{n}' where id = {key}; begin; delete from items where id = {key} + 200; insert into items values ({key} + 200) on conflict do nothing; commit")).await;
                }
            })
        })
        .collect();
    let mut pages = Vec::new();
    for _ in 0..20 {
        let page = PageSnapshots::new(pool.clone()).page();
        let (token, raw) = page.read(&Definition::all(table.clone().into())).await.expect("reads");
        let (again, _) = page.read(&Definition::all(table.clone().into())).await.expect("reads");
        assert_eq!(token, again, "all parts of a page have one position");
        drop(page);
        let rows: Rows = raw.iter().map(|row| (key_text(&["id".to_owned()], row), row.get().to_owned())).collect();
        let mut client = Client::connected(&server).await;
        let items = client.subscribe_from("items", &["id"], Some(token.to_string()), rows).await;
        client.until_live().await;
        assert!(!client.has_heard("snapshot") && client.resyncs().is_empty(), "{}", client.heard.join("\n"));
        pages.push((client, items));
    }
    over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("writes");
    }
    let (_, raw) = PageSnapshots::new(pool.clone()).page().read(&Definition::all(table.into())).await.expect("reads");
    let last: Rows = raw.iter().map(|row| (key_text(&["id".to_owned()], row), row.get().to_owned())).collect();
    for (mut client, items) in pages {
        client.until("it shows the end", |client| client.rows(items) == last).await;
        assert!(!client.has_heard("snapshot"));
    }
}

#[sqlx::test(migrations = false)]
async fn what_takes_longer_than_it_may_is_given_up_and_other_reads_may_take_their_time(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items select g, repeat('a', 100) from generate_series(1, 20000) g").await;
    let all = Definition::all(items_table(&pool).await.into());
    let page = PageSnapshots::new(pool.clone()).page();
    let soon = page.read_within(&all, Some(Duration::from_millis(1))).await;
    assert!(soon.is_err(), "twenty thousand rows are not read within a millisecond");
    let (token, rows) = page.read_within(&all, Some(Duration::from_secs(600))).await.expect("reads");
    assert_eq!(rows.len(), 20_000);
    assert_eq!(page.read(&all).await.expect("reads").0, token, "it is the same snapshot");
}
