//! Clients that do not take what they asked for, of a table that is too large to be kept for them: they cost others nothing, and
//! are exact when they read again.

use crate::support::{Client, Rows, Server, sql, value, with_items};
use rowcast::{
    capture,
    protocol::{Aggregate, Subscribe},
};
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// More than the places for reads that a pool of ten has.
const STUCK: usize = 6;
/// Clients that come after them, one after the other.
const CLIENTS: usize = 20;
/// Rows of the large table: 50 MB, more than is kept.
const ROWS: usize = 20_000;
/// How long a new client may wait beside them at most, whatever it waits without them: the machine may be busy.
const ALLOWED: Duration = Duration::from_secs(2);

/// How long a new client waits for rows, and for totals that nobody has asked for yet.
async fn waits(server: &Server, least: usize) -> Duration {
    let began = Instant::now();
    let mut client = Client::connected(server).await;
    client.subscribe("items", &["id"]).await;
    let aggregate = Some(Aggregate { count: true, ..Aggregate::default() });
    let totals = Subscribe { aggregate, filter: Some(format!("id > {least}")), ..Subscribe::from("items") };
    client.ask(totals, vec!["group".to_owned()], None, Rows::new()).await;
    client.until_live().await;
    began.elapsed()
}

#[sqlx::test(migrations = false)]
async fn who_takes_nothing_of_a_large_table_costs_others_nothing_and_is_exact_when_it_reads_again(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items select n, 'x' from generate_series(1, 100) n").await;
    sql(
        &pool,
        &format!(
            "create table large (id int primary key, name text);
                  insert into large select n, repeat('y', 2500) from generate_series(1, {ROWS}) n"
        ),
    )
    .await;
    capture::track(&pool, "large", capture::Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    waits(&server, 0).await;
    let without = waits(&server, 1).await;
    let mut stuck = Vec::new();
    for nth in 0..STUCK {
        let mut client = Client::connected(&server).await;
        // Half of them ask the same.
        let filter = (nth % 2 == 0).then(|| format!("id > 0 and name is distinct from '{nth}'"));
        let asked = Subscribe { filter, ..Subscribe::from("large") };
        let id = client.ask(asked, vec!["id".to_owned()], None, Rows::new()).await;
        stuck.push((client, id));
    }
    let mut with = Vec::new();
    for nth in 0..CLIENTS {
        with.push(waits(&server, 2 + nth).await);
    }
    with.sort_unstable();
    let (median, longest) = (with[CLIENTS / 2], with[CLIENTS - 1]);
    println!(
        "a new client waits {without:?} alone; beside {STUCK} that take nothing {median:?} (median), {longest:?} (longest)"
    );
    assert!(longest < without * 5 + ALLOWED, "{longest:?} instead of {without:?}");
    sql(&pool, "update large set name = 'new' where id = 7; delete from large where id = 8").await;
    for (client, id) in stuck.iter_mut().take(2) {
        client.until("all rows", |client| client.is_live() && client.rows_count(*id) == ROWS - 1).await;
        assert!(client.row(*id, "7").expect("stays").contains("new"));
    }
    drop(stuck);
    let reads = "select count(*) from pg_stat_activity where datname = current_database() and query like '%large%' \
                 and state = 'active' and pid <> pg_backend_pid()";
    crate::support::eventually("nobody reads for those who have left", async || value::<i64>(&pool, reads).await == 0)
        .await;
}
