//! Reading on: everything after a position, whole transactions, each once, whoever commits first.

use super::{added, append, append_in, installed};
use crate::support::{Dice, sql};
use rowcast::{
    ledger::{self, LedgerError, Recorded},
    protocol::Position,
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::{BTreeMap, BTreeSet};

async fn after(pool: &PgPool, position: &Position, limit: i64) -> (Vec<Recorded>, Position) {
    let mut transaction = pool.begin().await.expect("begins");
    let read = ledger::read_after(&mut transaction, position, limit).await.expect("reads");
    transaction.commit().await.expect("commits");
    read
}

fn beginning() -> Position {
    Position::new(0, [])
}

fn streams(events: &[Recorded]) -> Vec<&str> {
    events.iter().map(|event| &*event.stream).collect()
}

#[sqlx::test(migrations = false)]
async fn of_two_who_commit_in_the_other_order_neither_is_lost(pool: PgPool) {
    installed(&pool).await;
    let (mut early, mut late) = (pool.begin().await.expect("begins"), pool.begin().await.expect("begins"));
    append_in(&mut early, "early", &[added(1)]).await;
    append_in(&mut late, "late", &[added(2)]).await;
    late.commit().await.expect("commits");
    let (first, position) = after(&pool, &beginning(), 100).await;
    assert_eq!(streams(&first), ["late"]);
    early.commit().await.expect("commits");
    let (second, position) = after(&pool, &position, 100).await;
    assert_eq!(streams(&second), ["early"]);
    assert!(second[0].seq < first[0].seq, "a reader who had continued after the highest seq would have lost it");
    assert_eq!(after(&pool, &position, 100).await.0, []);
}

#[sqlx::test(migrations = false)]
async fn what_is_taken_back_is_never_read(pool: PgPool) {
    installed(&pool).await;
    let mut undone = pool.begin().await.expect("begins");
    append_in(&mut undone, "a", &[added(1)]).await;
    let (none, position) = after(&pool, &beginning(), 100).await;
    assert_eq!(none, []);
    undone.rollback().await.expect("rolls back");
    append(&pool, "b", &[added(1)]).await;
    assert_eq!(streams(&after(&pool, &position, 100).await.0), ["b"]);
}

/// Appended late by a transaction that began early, after somebody whose number is higher.
#[sqlx::test(migrations = false)]
async fn an_event_comes_after_all_that_could_be_known_when_it_was_appended(pool: PgPool) {
    installed(&pool).await;
    sql(&pool, "create table other (n int)").await;
    let mut early = pool.begin().await.expect("begins");
    sqlx::query("insert into other values (1)").execute(&mut *early).await.expect("writes");
    append(&pool, "shared", &[added(1)]).await;
    append_in(&mut early, "shared", &[added(2)]).await;
    early.commit().await.expect("commits");
    let (first, position) = after(&pool, &beginning(), 1).await;
    let (second, position) = after(&pool, &position, 1).await;
    assert_eq!([first[0].version, second[0].version], [1, 2]);
    assert_eq!(after(&pool, &position, 1).await.0, []);
}

#[sqlx::test(migrations = false)]
async fn a_transaction_is_read_whole_however_little_is_wanted(pool: PgPool) {
    installed(&pool).await;
    append(&pool, "a", &vec![added(1); 5]).await;
    append(&pool, "b", &[added(1), added(1)]).await;
    append(&pool, "c", &[added(1), added(1)]).await;
    let (read, position) = after(&pool, &beginning(), 3).await;
    assert_eq!(streams(&read), ["a"; 5]);
    let (read, position) = after(&pool, &position, 3).await;
    assert_eq!(streams(&read), ["b"; 2]);
    let (read, position) = after(&pool, &position, 4).await;
    assert_eq!(streams(&read), ["c"; 2]);
    assert_eq!(after(&pool, &position, 4).await.0, []);
}

#[sqlx::test(migrations = false)]
async fn a_position_of_another_database_is_refused(pool: PgPool) {
    installed(&pool).await;
    let mut transaction = pool.begin().await.expect("begins");
    let refused = ledger::read_after(&mut transaction, &Position::new(u64::MAX >> 2, []), 10).await;
    assert!(matches!(refused, Err(LedgerError::Ahead)), "{refused:?}");
}

/// Four writers with transactions open at random, and a reader that takes a few events at a time.
#[sqlx::test(migrations = false)]
async fn each_event_is_read_once_and_streams_in_their_order(pool: PgPool) {
    installed(&pool).await;
    for seed in 0..6 {
        let mut dice = Dice::new(seed);
        let mut open = BTreeMap::new();
        let mut held = BTreeSet::new();
        let (mut position, mut read) = (after(&pool, &beginning(), i64::MAX).await.1, Vec::new());
        for _ in 0..250 {
            let writer = dice.roll(4);
            match dice.roll(5) {
                0 if open.contains_key(&writer) => {
                    let transaction: sqlx::Transaction<'_, sqlx::Postgres> = open.remove(&writer).expect("is open");
                    held.retain(|(owner, _)| *owner != writer);
                    if dice.roll(4) == 0 {
                        transaction.rollback().await.expect("rolls back");
                    } else {
                        transaction.commit().await.expect("commits");
                    }
                }
                0..=2 => {
                    let stream = dice.roll(6);
                    // Whoever holds a stream would have the other wait.
                    if held.iter().any(|(owner, other)| *other == stream && *owner != writer) {
                        continue;
                    }
                    held.insert((writer, stream));
                    if let std::collections::btree_map::Entry::Vacant(entry) = open.entry(writer) {
                        entry.insert(pool.begin().await.expect("begins"));
                    }
                    let transaction = open.get_mut(&writer).expect("is open");
                    append_in(transaction, &format!("{seed}-{stream}"), &vec![added(1); 1 + dice.roll(3) as usize])
                        .await;
                }
                _ => {
                    let limit = 1 + i64::try_from(dice.roll(5)).expect("small");
                    let (events, next) = after(&pool, &position, limit).await;
                    assert!(next.reaches(&position));
                    read.extend(events);
                    position = next;
                }
            }
        }
        for transaction in open.into_values() {
            transaction.commit().await.expect("commits");
        }
        loop {
            let (events, next) = after(&pool, &position, 3).await;
            position = next;
            if events.is_empty() {
                break;
            }
            read.extend(events);
        }
        let mut heads = BTreeMap::<&str, i64>::new();
        for event in &read {
            let head = heads.entry(&event.stream).or_default();
            assert_eq!(event.version, *head + 1, "{} of seed {seed}", event.stream);
            *head = event.version;
        }
        let all: i64 = sqlx::query_scalar("select count(*) from rowcast.event where stream like $1 || '-%'")
            .bind(seed.to_string())
            .fetch_one(&pool)
            .await
            .expect("counts");
        assert_eq!(i64::try_from(read.len()).expect("few"), all, "seed {seed}");
    }
}

/// Counted in rows that the database fetches, not in time.
#[sqlx::test(migrations = false)]
async fn looking_costs_what_is_new_also_while_a_transaction_stays_open(pool: PgPool) {
    installed(&pool).await;
    let mut open = pool.begin().await.expect("begins");
    append_in(&mut open, "open", &[added(1)]).await;
    sql(
        &pool,
        "insert into rowcast.stream select 's-' || n, 1 from generate_series(1, 20000) n;
         insert into rowcast.event (stream, version, type, schema, data, who_name)
         select 's-' || n, 1, 'TallyAdded', 1, '1', '' from generate_series(1, 20000) n",
    )
    .await;
    let (_, mut position) = after(&pool, &beginning(), i64::MAX).await;
    // Whatever the planner knows of the table.
    for statement in ["select", "analyze rowcast.event"] {
        sql(&pool, statement).await;
        position = look(&pool, &position).await;
    }
    open.rollback().await.expect("rolls back");
}

/// Looks at five events that are new.
async fn look(pool: &PgPool, position: &Position) -> Position {
    for n in 0..5 {
        append(pool, "new", &[added(n)]).await;
    }
    let mut transaction = pool.begin().await.expect("begins");
    let before = fetched(&mut transaction).await;
    let (events, position) = ledger::read_after(&mut transaction, position, 100).await.expect("reads");
    assert_eq!(streams(&events), ["new"; 5]);
    let fetched = fetched(&mut transaction).await - before;
    assert!(fetched <= 30, "{fetched} rows were fetched for 5");
    position
}

/// How many events this session has fetched. Also says what earlier transactions fetched and have not told yet.
async fn fetched(connection: &mut PgConnection) -> i64 {
    let fetched = "select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
        from pg_stat_xact_user_tables where relid = 'rowcast.event'::regclass";
    sqlx::query(fetched).fetch_one(connection).await.expect("reads").get(0)
}
