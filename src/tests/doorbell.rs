//! No wake-up is lost, none is rung for nothing, and whoever cannot be rung for looks by himself.

use crate::support::{Client, Dice, PATIENCE, Server, eventually, sql, value, with_items};
use sqlx::{PgPool, postgres::PgListener};
use std::time::{Duration, Instant};

/// Far below the safety poll of two seconds: what takes longer was not rung for.
const AT_ONCE: Duration = Duration::from_millis(800);
const LOCK_HELD: &str = "select exists (select from pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and l.locktype = 'advisory' and l.classid = 1919907683 and l.objid = 1 and l.mode = 'ExclusiveLock')";

async fn asleep(pool: &PgPool) {
    eventually("the tailer falls asleep", || async { value(pool, LOCK_HELD).await }).await;
}

async fn live(server: &Server) -> (Client, u64) {
    let mut client = Client::connected(server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    (client, items)
}

/// A transaction that wrote while the tailer was awake: until it ends, the tailer cannot fall asleep.
async fn keep_awake(pool: &PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "the tailer is never found awake");
        sql(pool, "insert into items values (2) on conflict (id) do update set name = items.name || '.'").await;
        let mut open = pool.begin().await.expect("begins");
        sqlx::query("insert into items values (3)").execute(&mut *open).await.expect("writes");
        let shared = "select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory')";
        if sqlx::query_scalar(shared).fetch_one(&mut *open).await.expect("reads") {
            return open;
        }
        open.rollback().await.expect("rolls back");
    }
}

/// Writes at random gaps, around the time that the tailer takes to fall asleep, and returns how long each took to arrive.
async fn write_and_see(pool: &PgPool, client: &mut Client, items: u64, writes: u64) -> Vec<Duration> {
    let mut dice = Dice::new(5);
    let mut taken = Vec::new();
    for n in 0..writes {
        tokio::time::sleep(Duration::from_micros(dice.roll(25_000))).await;
        let before = Instant::now();
        sql(pool, &format!("update items set name = 'n{n}' where id = 1")).await;
        let text = format!(r#""n{n}""#);
        client.until("the write arrives", |client| client.row(items, "1").is_some_and(|row| row.contains(&text))).await;
        taken.push(before.elapsed());
    }
    taken.sort();
    taken
}

#[sqlx::test(migrations = false)]
async fn every_single_write_arrives_without_waiting_for_the_safety_poll(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let taken = write_and_see(&pool, &mut client, items, 500).await;
    let (median, longest) = (taken[taken.len() / 2], taken[taken.len() - 1]);
    println!(
        "from before the write to the client: median {median:?}, 99 % {:?}, longest {longest:?}",
        taken[taken.len() * 99 / 100]
    );
    assert!(longest < AT_ONCE, "{longest:?}");
}

#[sqlx::test(migrations = false)]
async fn writers_ring_only_while_the_tailer_sleeps(pool: PgPool) {
    with_items(&pool).await;
    let mut listener = PgListener::connect_with(&pool).await.expect("connects");
    listener.listen("rowcast").await.expect("listens");
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    asleep(&pool).await;
    assert!(listener.next_buffered().is_none(), "nobody rings where nobody sleeps");
    sql(&pool, "update items set name = 'wake up' where id = 1").await;
    assert_eq!(
        tokio::time::timeout(PATIENCE, listener.recv()).await.expect("in time").expect("receives").payload(),
        ""
    );
    let open = keep_awake(&pool).await;
    sql(&pool, "notify rowcast, 'begin'").await;
    for n in 0..300 {
        sql(&pool, &format!("update items set name = 'n{n}' where id = 1")).await;
    }
    client.until("the last one", |client| client.row(items, "1").is_some_and(|row| row.contains(r#""n299""#))).await;
    sql(&pool, "notify rowcast, 'end'").await;
    while listener.recv().await.expect("receives").payload() != "begin" {}
    assert_eq!(listener.recv().await.expect("receives").payload(), "end", "nobody rings where somebody is awake");
    open.rollback().await.expect("rolls back");
    server.kill();
    eventually("its lock is gone", || async { !value::<bool>(&pool, LOCK_HELD).await }).await;
    sql(&pool, "update items set name = 'nobody is there'; notify rowcast, 'end'").await;
    assert_eq!(listener.recv().await.expect("receives").payload(), "end", "nobody rings where nobody is");
}

#[sqlx::test(migrations = false)]
async fn losing_the_listening_connection_loses_nothing(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    for n in 0..5 {
        asleep(&pool).await;
        sql(&pool, "select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and l.locktype = 'advisory' and l.mode = 'ExclusiveLock'").await;
        sql(&pool, &format!("update items set name = 'n{n}' where id = 1")).await;
        let text = format!(r#""n{n}""#);
        client.until("the write arrives", |client| client.row(items, "1").is_some_and(|row| row.contains(&text))).await;
    }
    client.until("it is said to be well again", |client| client.available == Some(true)).await;
    assert!(!client.has_heard("resync"));
    let snapshots = client.heard.iter().filter(|frame| frame.contains(r#""type":"snapshot""#)).count();
    assert_eq!(snapshots, 1, "only the first");
}

#[sqlx::test(migrations = false)]
async fn poll_mode_needs_no_ringing(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let mut listener = PgListener::connect_with(&pool).await.expect("connects");
    listener.listen("rowcast").await.expect("listens");
    let server = Server::start_polling(&pool).await;
    let (mut client, items) = live(&server).await;
    let taken = write_and_see(&pool, &mut client, items, 40).await;
    assert!(taken[39] < AT_ONCE, "{taken:?}");
    assert!(listener.next_buffered().is_none(), "nobody is asked to ring");
    assert!(!value::<bool>(&pool, LOCK_HELD).await);
}

#[sqlx::test(migrations = false)]
async fn two_servers_on_one_database_both_see_everything(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let (first, second) = (Server::start(&pool).await, Server::start(&pool).await);
    let (mut one, one_items) = live(&first).await;
    let (mut two, two_items) = live(&second).await;
    asleep(&pool).await;
    sql(&pool, "update items set name = 'both' where id = 1").await;
    let before = Instant::now();
    for (client, items) in [(&mut one, one_items), (&mut two, two_items)] {
        client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains("both"))).await;
    }
    assert!(before.elapsed() < AT_ONCE);
    first.kill();
    sql(&pool, "update items set name = 'still' where id = 1").await;
    two.until("it arrives", |client| client.row(two_items, "1").is_some_and(|row| row.contains("still"))).await;
}
