//! The oracle: whatever is written, asked and broken, at every position that a client shows, its rows are those of the
//! database at that position.
//!
//! A seed decides on tables, questions, and what goes wrong when. Writers keep transactions open beside each other, undo
//! them in part or as a whole, deadlock, swap keys and truncate. Clients (the browser's own replica behind real
//! WebSockets, each on a wire of its own) ask for tables, columns, filtered rows, windows and totals of two servers.
//! Meanwhile wires are cut, stalled and slowed down, database sessions are ended, the tailer's among them, Postgres is
//! restarted, servers are killed with SIGKILL, the changelog is pruned to fractions of a second, and the database becomes another
//! one, as when it is restored.
//!
//! Triggers of its own record what really happened, in the same transactions. From that alone the [judge](judge) knows the
//! rows at any position, and compares them with what each commit of each client showed; when all is quiet, also with the
//! tables. A client that is told of a change that does not fit what it has fails by itself, and so does one that never
//! reaches the end.
//!
//! How the database schedules its transactions no seed decides, so a seed makes a failure likely, not certain.
//!
//! | variable | what it says |
//! |---|---|
//! | `ROWCAST_ORACLE_SEED` | the first seed; 1 if not set |
//! | `ROWCAST_ORACLE_STEPS` | transactions of each writer in each round |
//! | `ROWCAST_ORACLE_MINUTES` | to go on with further seeds for so long; otherwise one is played |
//! | `ROWCAST_ORACLE_LOG` | set: servers log to standard error |
//!
//! `ROWCAST_ORACLE_MINUTES=60 cargo test --features ssr --test oracle -- --nocapture`

mod faults;
mod followers;
mod judge;
mod query;
mod schema;
// Each of the two test programs uses a part of it.
#[allow(dead_code, unused_imports)]
#[path = "../support/mod.rs"]
mod support;
mod world;
mod writers;

use followers::Follower;
use futures::future::join_all;
use judge::{History, Judge, Record};
use query::Query;
use schema::Table;
use sqlx::postgres::PgConnectOptions;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Dice, client::Step};
use tokio::sync::watch;
use world::World;

const WRITERS: u64 = 8;
const FOLLOWERS: u64 = 24;
/// Each ends with a quiet moment.
const ROUNDS: u64 = 2;
/// Distinct questions: fewer than are asked, so that some are shared.
const QUERIES: u64 = 16;
/// Transactions of each writer in each round.
const STEPS: u64 = 120;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

#[test]
fn whatever_happens_every_commit_of_every_client_shows_exactly_its_position() {
    let first = setting("ROWCAST_ORACLE_SEED").unwrap_or(1);
    let time = Duration::from_secs(60 * setting("ROWCAST_ORACLE_MINUTES").unwrap_or(0));
    let begun = Instant::now();
    for seed in first.. {
        println!("seed {seed}");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
        runtime.block_on(play(seed));
        if begun.elapsed() >= time {
            return;
        }
    }
}

async fn play(seed: u64) {
    let _blame = Blame(seed);
    let mut dice = Dice::new(seed);
    let tables = Table::several(&mut dice);
    let queries: Arc<Vec<Query>> = Arc::new((0..QUERIES).map(|_| Query::random(&tables, &mut dice)).collect());
    let mut world = World::new(&tables, FOLLOWERS).await;
    let mut followers: Vec<Follower> = (0..FOLLOWERS)
        .map(|number| Follower::new(number, &world.wires[number as usize], queries.clone(), seed))
        .collect();
    let mut looks: Vec<Record> = Vec::new();
    let mut committed = 0;
    for round in 0..ROUNDS {
        committed += play_round(&mut world, &tables, &mut followers, &mut dice, seed * ROUNDS + round).await;
        looks.extend(look(&world, &tables).await);
    }
    let resyncs: usize = followers.iter().map(Follower::resyncs).sum();
    let records: Vec<Record> = followers.into_iter().flat_map(Follower::into_records).collect();
    let history = History::read(&world.pool).await;
    let whole = whole_tables(&tables);
    let outcome = async {
        Judge { pool: &world.pool, history: &history, tables: &tables, queries: &whole }.judge(&looks).await?;
        Judge { pool: &world.pool, history: &history, tables: &tables, queries: &queries }.judge(&records).await
    };
    let compared = outcome.await.unwrap_or_else(|report| panic!("{report}"));
    println!(
        "{committed} transactions, {} uses of queries, {compared} commits shown, {resyncs} resyncs",
        records.len()
    );
    assert!(committed > 20 && compared > 500, "{committed} transactions and {compared} commits prove nothing");
    world.end().await;
}

/// Writes and breaks, then heals and waits until everybody is up to date. Returns how many transactions committed.
async fn play_round(
    world: &mut World,
    tables: &[Table],
    followers: &mut Vec<Follower>,
    dice: &mut Dice,
    seed: u64,
) -> usize {
    let (end, ending) = watch::channel(None);
    let following: Vec<_> = followers.drain(..).map(|follower| tokio::spawn(follower.follow(ending.clone()))).collect();
    let steps = setting("ROWCAST_ORACLE_STEPS").unwrap_or(STEPS);
    let options: Arc<PgConnectOptions> = world.pool.connect_options();
    let writing = join_all((0..WRITERS).map(|number| {
        tokio::spawn(writers::write((*options).clone(), tables.to_vec(), steps, seed * WRITERS + number))
    }));
    let written = tokio::select! {
        written = writing => written,
        () = faults::rage(world, dice) => unreachable!("it never ends by itself"),
    };
    world.heal().await;
    end.send_replace(Some(world.position().await));
    for follower in following {
        followers.push(follower.await.expect("follows"));
    }
    written.into_iter().map(|one| one.expect("writes")).sum()
}

/// A question for each table as a whole, to judge what [`look`] saw.
fn whole_tables(tables: &[Table]) -> Vec<Query> {
    tables.iter().enumerate().map(|(number, table)| Query::whole(number, table)).collect()
}

/// The tables themselves, as if they were shown.
async fn look(world: &World, tables: &[Table]) -> Vec<Record> {
    let mut records = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let (position, rows) = world.look(table).await;
        let added = rows.into_iter().map(Arc::from).collect();
        let steps = vec![Step { position, removed: Vec::new(), added }];
        records.push(Record { who: "the table".to_owned(), query: number, steps });
    }
    records
}

/// Says which seed it was, if it was.
struct Blame(u64);

impl Drop for Blame {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to play this again: ROWCAST_ORACLE_SEED={} cargo test --features ssr --test oracle", self.0);
        }
    }
}
