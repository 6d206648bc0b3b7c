//! Filters, columns, windows and totals, through the whole engine: each client shows what SQL answers.

use crate::support::{Client, Rows, Server, eventually, sql, value, with_items};
use rowcast::protocol::{Aggregate, OrderBy, Subscribe};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeSet;

/// Goods of some kinds at some prices.
async fn with_goods(pool: &PgPool) {
    with_items(pool).await;
    sql(
        pool,
        "create table goods (id int primary key, kind text not null, price numeric(10,2), stock int not null default 0, note text);
         insert into goods select n, 'k' || n % 3, n * 1.5, n % 7 from generate_series(1, 40) n",
    )
    .await;
    rowcast::capture::track(pool, "goods", rowcast::capture::Trust::Checked).await.expect("tracks");
}

fn goods() -> Subscribe {
    Subscribe::from("goods")
}

fn cheapest(limit: u32) -> Subscribe {
    let order = vec![OrderBy { column: "price".to_owned(), ..OrderBy::default() }];
    Subscribe { order, limit: Some(limit), ..goods() }
}

fn stock_by_kind() -> Subscribe {
    let columns = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let aggregate = Aggregate {
        count: true,
        sum: columns(&["stock"]),
        min: columns(&["price"]),
        max: columns(&["price"]),
        avg: columns(&["price"]),
    };
    Subscribe { aggregate: Some(aggregate), group_by: columns(&["kind"]), ..goods() }
}

const STOCK_BY_KIND: &str = "select json_build_object('group', json_build_object('kind', kind), 'count', count(*), \
    'sum', json_build_object('stock', sum(stock)), 'min', json_build_object('price', min(price)), \
    'max', json_build_object('price', max(price)), 'avg', json_build_object('price', avg(price))) from goods group by kind";

/// The answers of a statement whose only column is JSON, without the spaces in which its writers differ.
async fn answers(pool: &PgPool, query: &str) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("select r::text from ({query}) as q (r)")))
        .fetch_all(pool)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.iter().map(|row| plain(row)).collect()
}

fn plain(row: &str) -> String {
    row.replace(" : ", ":").replace(", ", ",").replace("{ ", "{").replace(" }", "}")
}

async fn shows(client: &mut Client, id: u64, pool: &PgPool, query: &str) {
    let due = answers(pool, query).await;
    let what = format!("{query}: {due:#?}");
    client.until(&what, |client| client.rows(id).values().map(|row| plain(row)).collect::<BTreeSet<_>>() == due).await;
}

async fn ask(client: &mut Client, question: Subscribe, key: &[&str]) -> u64 {
    let key = key.iter().map(|&column| column.to_owned()).collect();
    client.ask(question, key, None, Rows::new()).await
}

const WRITES: [&str; 12] = [
    "update goods set price = 0.5 where id = 30",
    "update goods set price = price + 100 where id <= 5",
    "delete from goods where id in (6, 7, 8)",
    "update goods set kind = 'k1' where id between 10 and 20",
    "insert into goods select n, 'new', n, 1 from generate_series(100, 110) n",
    "update goods set id = id + 1000 where kind = 'new' and id < 105",
    "update goods set note = 'x', stock = stock + 1",
    "begin; update goods set price = null where id = 30; delete from goods where id = 31; commit",
    "delete from goods where kind = 'k2'",
    "delete from goods",
    "insert into goods select n, 'k' || n % 2, n, n from generate_series(1, 30) n",
    "truncate goods",
];

#[sqlx::test(migrations = false)]
async fn every_kind_of_question_is_answered_as_sql_answers_it(pool: PgPool) {
    with_goods(&pool).await;
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let filtered =
        Subscribe { filter: Some("kind = $1 and price < 30".to_owned()), params: vec!["k1".into()], ..goods() };
    let narrow = Subscribe { columns: Some(vec!["stock".to_owned()]), ..goods() };
    let window = cheapest(3);
    let filtered_window = Subscribe {
        filter: Some("kind in ('k1', 'new')".to_owned()),
        columns: Some(vec!["price".to_owned()]),
        ..cheapest(2)
    };
    let all = Aggregate { count: true, sum: vec!["stock".to_owned()], ..Aggregate::default() };
    let totals = Subscribe { aggregate: Some(all), filter: Some("price is not null".to_owned()), ..goods() };
    let questions = [
        (filtered, vec!["id"], "select row_to_json(t) from goods t where kind = 'k1' and price < 30"),
        (narrow, vec!["id"], "select row_to_json(x) from (select id, stock from goods) x"),
        (window, vec!["id"], "select row_to_json(x) from (select * from goods order by price, id limit 3) x"),
        (
            filtered_window,
            vec!["id"],
            "select row_to_json(x) from (select id, price from goods where kind in ('k1', 'new') order by price, id limit 2) x",
        ),
        (stock_by_kind(), vec!["group"], STOCK_BY_KIND),
        (
            totals,
            vec!["group"],
            "select json_build_object('group', '{}'::json, 'count', count(*), 'sum', json_build_object('stock', sum(stock)))
             from goods where price is not null",
        ),
    ];
    let mut asked = Vec::new();
    for (question, key, query) in questions {
        asked.push((ask(&mut client, question, &key).await, query));
    }
    client.until_live().await;
    for (id, query) in &asked {
        shows(&mut client, *id, &pool, query).await;
    }
    for write in WRITES {
        sql(&pool, write).await;
        for (id, query) in &asked {
            shows(&mut client, *id, &pool, query).await;
        }
    }
    // A window that has lost all the rows that were kept for it starts over, and nothing else does.
    assert!(client.resyncs().iter().all(|reason| reason == "too_much_to_replay"), "{:?}", client.resyncs());
}

#[sqlx::test(migrations = false)]
async fn windows_and_totals_resume_with_what_changed(pool: PgPool) {
    with_goods(&pool).await;
    let server = Server::start(&pool).await;
    // Somebody who stays, so that they are kept.
    let mut other = Client::connected(&server).await;
    let mut client = Client::connected(&server).await;
    let mut ids = Vec::new();
    for client in [&mut other, &mut client] {
        let window = ask(client, cheapest(3), &["id"]).await;
        let totals = ask(client, stock_by_kind(), &["group"]).await;
        ids = vec![window, totals];
        client.until_live().await;
    }
    client.disconnect();
    sql(&pool, "update goods set price = 0.1 where id = 20").await;
    shows(&mut other, ids[0], &pool, "select row_to_json(x) from (select * from goods order by price, id limit 3) x")
        .await;
    client.connect().await;
    shows(&mut client, ids[0], &pool, "select row_to_json(x) from (select * from goods order by price, id limit 3) x")
        .await;
    shows(&mut client, ids[1], &pool, STOCK_BY_KIND).await;
    client.until_live().await;
    assert!(!client.has_heard("snapshot"), "only what changed: {:?}", client.heard);
    assert!(client.resyncs().is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_window_whose_rows_run_out_is_filled_again(pool: PgPool) {
    with_goods(&pool).await;
    sql(&pool, "insert into goods select n, 'many', n from generate_series(1000, 1500) n").await;
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let window = ask(&mut client, cheapest(4), &["id"]).await;
    client.until_live().await;
    for _ in 0..5 {
        sql(&pool, "delete from goods where id in (select id from goods order by price, id limit 60)").await;
        shows(
            &mut client,
            window,
            &pool,
            "select row_to_json(x) from (select * from goods order by price, id limit 4) x",
        )
        .await;
    }
}

#[sqlx::test(migrations = false)]
async fn what_hundreds_ask_at_the_same_time_is_read_a_few_times(pool: PgPool) {
    with_goods(&pool).await;
    let server = Server::start(&pool).await;
    let scans = "select coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::bigint from pg_stat_user_tables where relname = 'goods'";
    let before: i64 = value(&pool, scans).await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = Client::connected(&server).await;
        let mut ids = vec![client.subscribe("goods", &["id"]).await];
        ids.push(ask(&mut client, cheapest(3), &["id"]).await);
        ids.push(ask(&mut client, stock_by_kind(), &["group"]).await);
        assert_eq!(ids.len(), 3);
        clients.push(client);
    }
    for client in &mut clients {
        client.until_live().await;
    }
    // Statistics are told when the connections that read are idle.
    eventually("the reads are counted", async || value::<i64>(&pool, scans).await > before).await;
    let after: i64 = value(&pool, scans).await;
    assert!(after - before <= 12, "{} reads for {} clients", after - before, clients.len());
}
