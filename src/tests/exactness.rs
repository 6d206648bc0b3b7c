//! Whatever is written and however a client comes and goes: at every position that it shows, its rows are those of the
//! database at that position.
//!
//! Two independent checks meet: each commit of each client is compared with the changes that the changelog holds up to its
//! position, and the changelog with the tables themselves at snapshots taken meanwhile.

use crate::support::{Client, Dice, Rows, Server, client::key_text, pool_of, sql, value};
use futures::future::join_all;
use rowcast::{capture, changelog, protocol::Position};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgPool, Row};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

const WRITERS: u64 = 12;
const TRANSACTIONS: u64 = 60;
const CLIENTS: u64 = 4;
const TABLES: [&str; 2] = ["a", "b"];
const KEYS: u64 = 12;

/// One statement that may hit rows which others are writing too.
fn statement(dice: &mut Dice) -> String {
    let table = TABLES[dice.roll(2) as usize];
    let (a, b) = (dice.roll(KEYS), dice.roll(KEYS));
    match dice.roll(40) {
        0..10 => format!("insert into {table} values ({a}, {b}) on conflict (id) do update set v = {table}.v + 1"),
        10..20 => format!("update {table} set v = v + 1 where id in ({a}, {b})"),
        20..26 => format!("delete from {table} where id = {a}"),
        26..29 => format!("insert into {table} values ({a}, 0) on conflict do nothing"),
        29..32 => format!("update {table} set id = {b} where id = {a}"),
        32..36 => format!("update {table} set id = case id when {a} then {b} else {a} end where id in ({a}, {b})"),
        36..39 => format!("delete from {table} where id = {a}; insert into {table} values ({a}, 7)"),
        _ => format!("truncate {table}"),
    }
}

/// Most of its transactions commit, some fail: on a key that exists, as the victim of a deadlock, by their own choice.
async fn write(pool: &PgPool, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let mut committed = 0;
    for _ in 0..TRANSACTIONS {
        let mut transaction = pool.begin().await.expect("begins");
        let mut alive = true;
        for _ in 0..=dice.roll(3) {
            let savepoint = dice.roll(3) == 0;
            let text = if savepoint { format!("savepoint s; {}", statement(&mut dice)) } else { statement(&mut dice) };
            if sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *transaction).await.is_err() {
                alive = savepoint && sqlx::raw_sql("rollback to s").execute(&mut *transaction).await.is_ok();
            } else if savepoint && dice.roll(2) == 0 {
                sqlx::raw_sql("rollback to s").execute(&mut *transaction).await.expect("rolls back");
            }
            if !alive {
                break;
            }
            // Not to wait for anything, but to keep transactions open beside each other.
            tokio::time::sleep(Duration::from_millis(dice.roll(4))).await;
        }
        if alive && dice.roll(8) > 0 && transaction.commit().await.is_ok() {
            committed += 1;
        }
    }
    committed
}

/// Comes, subscribes, loses its connection anywhere, and continues.
async fn follow(address: &Server, seed: u64, over: &AtomicBool) -> Client {
    let mut dice = Dice::new(seed);
    let mut client = Client::of(address.address).recording();
    client.connect().await;
    for table in TABLES {
        client.subscribe(table, &["id"]).await;
        for _ in 0..dice.roll(3) {
            client.listen().await;
        }
    }
    while !over.load(Ordering::Relaxed) {
        let heartbeat = tokio::time::timeout(Duration::from_millis(100), client.listen()).await;
        if heartbeat == Ok(false) {
            client.connect().await;
        }
        if dice.roll(60) == 0 {
            client.disconnect();
            client.connect().await;
        }
    }
    client
}

/// A position and the rows of both tables at it, from one database snapshot.
async fn look(pool: &PgPool) -> (Position, [Rows; 2]) {
    let mut transaction = pool.begin_with("begin isolation level repeatable read read only").await.expect("begins");
    // To Postgres a truncated table is empty in older snapshots too.
    sqlx::query("lock table a, b in access share mode").execute(&mut *transaction).await.expect("locks");
    let text: String =
        sqlx::query_scalar("select pg_current_snapshot()::text").fetch_one(&mut *transaction).await.expect("reads");
    let mut parts = text.split(':').skip(1);
    let next = parts.next().expect("xmax").parse().expect("a number");
    let open = parts.next().expect("xip").split(',').filter_map(|number| number.parse().ok());
    let position = Position::new(next, open);
    let mut rows = [Rows::new(), Rows::new()];
    for (table, rows) in TABLES.iter().zip(&mut rows) {
        let sql = format!("select id::text, row_to_json(t)::text from {table} t");
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *transaction).await.expect("reads") {
            rows.insert(row.get(0), row.get(1));
        }
    }
    (position, rows)
}

/// Transaction, table, operation, old and new text.
type Change = (u64, usize, String, Option<String>, Option<String>);

/// The changelog, read with nothing of the engine's.
struct History(Vec<Change>);

impl History {
    async fn read(pool: &PgPool) -> Self {
        let sql = "select c.xid::text, t.table_name, c.op::text, c.old, c.new from rowcast.change c
                   join rowcast.tracked t on t.id = c.table_id order by c.seq";
        let rows = sqlx::query(sql).fetch_all(pool).await.expect("reads");
        let change = |row: &sqlx::postgres::PgRow| -> Change {
            let (number, table): (String, String) = (row.get(0), row.get(1));
            let table = TABLES.iter().position(|name| *name == table).expect("a table of ours");
            (number.parse().expect("a number"), table, row.get(2), row.get(3), row.get(4))
        };
        Self(rows.iter().map(change).collect())
    }

    /// The rows at a position: what was written and not taken away again, in whatever order.
    fn rows(&self, position: &Position) -> [Rows; 2] {
        let mut counts: [BTreeMap<String, i32>; 2] = Default::default();
        for (number, table, op, old, new) in &self.0 {
            if !position.includes(*number) {
                continue;
            }
            let counts = &mut counts[*table];
            if op == "T" {
                counts.clear();
            }
            old.iter().for_each(|old| *counts.entry(old.clone()).or_default() -= 1);
            new.iter().for_each(|new| *counts.entry(new.clone()).or_default() += 1);
        }
        counts.map(|counts| {
            counts
                .into_iter()
                .filter(|(_, count)| *count != 0)
                .map(|(row, count)| {
                    assert_eq!(count, 1, "{row}");
                    let raw: &RawValue = serde_json::from_str(&row).expect("JSON");
                    (key_text(&["id".to_owned()], raw), row.clone())
                })
                .collect()
        })
    }
}

#[sqlx::test(migrations = false)]
async fn every_commit_of_every_client_shows_exactly_its_position(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let pool = pool_of(&pool, 16).await;
    let name: String = value(&pool, "select quote_ident(current_database())").await;
    sql(&pool, &format!("alter database {name} set deadlock_timeout = '20ms'")).await;
    for table in TABLES {
        sql(&pool, &format!("create table {table} (id int primary key deferrable, v int)")).await;
        capture::track(&pool, table, rowcast::capture::Trust::Checked).await.expect("tracks");
    }
    pool.close().await;
    let pool = pool_of(&pool, 16).await;
    let server = Arc::new(Server::start(&pool).await);
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|seed| {
            let (server, over) = (server.clone(), over.clone());
            tokio::spawn(async move { follow(&server, seed + 77, &over).await })
        })
        .collect();
    let looks = {
        let (pool, over) = (pool.clone(), over.clone());
        tokio::spawn(async move {
            let mut looks = Vec::new();
            while !over.load(Ordering::Relaxed) {
                looks.push(look(&pool).await);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            looks
        })
    };
    let writers = (0..WRITERS).map(|seed| {
        let pool = pool.clone();
        tokio::spawn(async move { write(&pool, seed + 1).await })
    });
    let committed: usize = join_all(writers).await.into_iter().map(|written| written.expect("writes")).sum();
    over.store(true, Ordering::Relaxed);
    let looks = looks.await.expect("looks");
    let history = History::read(&pool).await;
    for (position, rows) in &looks {
        assert_eq!(history.rows(position), *rows, "the changelog at {position:?}");
    }
    let (_, last) = look(&pool).await;
    let commits = AtomicUsize::new(0);
    for client in clients {
        let mut client = client.await.expect("follows");
        // Subscribed in this order, and numbered from one.
        client.until("it shows the end", |client| [client.rows(1), client.rows(2)] == last).await;
        for (index, table) in TABLES.iter().enumerate() {
            let view = client.view(index as u64 + 1);
            for (position, rows) in &view.commits {
                assert_eq!(history.rows(position)[index], *rows, "{table} at {position:?}");
            }
            assert!(view.commits.windows(2).all(|pair| pair[1].0.reaches(&pair[0].0)), "never backwards");
            commits.fetch_add(view.commits.len(), Ordering::Relaxed);
        }
    }
    let commits = commits.into_inner();
    assert!(
        committed > 100 && commits > 100 && looks.len() > 10,
        "{committed} transactions, {commits} commits, {} looks",
        looks.len()
    );
}

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
