//! Appending: versions without gaps, conflicts that say where the stream is, and a database that refuses to forget.

use super::{Tallied, added, append, append_in, installed, somebody};
use crate::support::{Dice, pool_of, sql, value};
use proptest::{prelude::*, test_runner::TestRunner};
use rowcast::ledger::{self, AppendError, Events, Expected, NewEvent, Until};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};
use std::slice::from_ref;

/// Streams whose versions have a gap, a double or no head that fits. None should.
const FLAWS: &str = "select count(*) from (
    select stream from rowcast.event full join rowcast.stream s using (stream)
    group by stream, s.version
    having s.version is distinct from count(event.version) or min(event.version) <> 1 or max(event.version) <> s.version
        or count(distinct event.version) <> s.version
) f";

async fn try_append(pool: &PgPool, stream: &str, expected: Expected, event: &Tallied) -> Result<i64, AppendError> {
    let mut transaction = pool.begin().await.expect("begins");
    let version = ledger::append(&mut transaction, stream, expected, &[event.to_new()], &somebody()).await?;
    transaction.commit().await.expect("commits");
    Ok(version)
}

#[sqlx::test(migrations = false)]
async fn many_who_append_to_many_streams_at_once_neither_lose_a_version_nor_wait_for_each_other(pool: PgPool) {
    const STREAMS: i64 = 40;
    installed(&pool).await;
    let pool = pool_of(&pool, 8).await;
    let all = (0..8).map(|appender| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut dice = Dice::new(appender + 1);
            for round in 0..10 {
                // Each of the streams once or twice, in any order.
                let mut events: Vec<(String, NewEvent)> = (0..STREAMS)
                    .chain(0..STREAMS / 2)
                    .map(|stream| (format!("tally-{stream}"), added(round).to_new()))
                    .collect();
                for at in 1..events.len() {
                    events.swap(at, dice.roll(at as u64 + 1) as usize);
                }
                let mut transaction = pool.begin().await.expect("begins");
                ledger::append_each(&mut transaction, &events, &somebody()).await.expect("appends");
                transaction.commit().await.expect("commits");
            }
        })
    });
    futures::future::join_all(all).await.into_iter().for_each(|ended| ended.expect("ends"));
    assert_eq!(value::<i64>(&pool, FLAWS).await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 8 * 10 * (STREAMS + STREAMS / 2));
    // Those of one stream are in the order in which they were given.
    let two = [("tally-x".to_owned(), added(1).to_new()), ("tally-x".to_owned(), added(2).to_new())];
    let mut transaction = pool.begin().await.expect("begins");
    ledger::append_each(&mut transaction, &two, &somebody()).await.expect("appends");
    transaction.commit().await.expect("commits");
    let told = "select string_agg(data->>'amount', ' ' order by version) from rowcast.event where stream = 'tally-x'";
    assert_eq!(value::<String>(&pool, told).await, "1 2");
}

#[sqlx::test(migrations = false)]
async fn of_fifty_who_expect_the_same_version_one_appends_and_all_others_are_told_where_it_is(pool: PgPool) {
    installed(&pool).await;
    let pool = pool_of(&pool, 50).await;
    for round in 0..4 {
        let expected = if round == 0 { Expected::New } else { Expected::Version(round) };
        let all = (0..50).map(|n| {
            let pool = pool.clone();
            tokio::spawn(async move { try_append(&pool, "tally-1", expected, &added(n)).await })
        });
        let mut appended = 0;
        for outcome in futures::future::join_all(all).await {
            match outcome.expect("ends") {
                Ok(version) => {
                    assert_eq!(version, round + 1);
                    appended += 1;
                }
                Err(AppendError::Conflict { current }) => assert_eq!(current, round + 1),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(appended, 1);
    }
    assert_eq!(value::<i64>(&pool, FLAWS).await, 0);
}

#[sqlx::test(migrations = false)]
async fn fifty_who_try_again_all_append_once_each(pool: PgPool) {
    installed(&pool).await;
    let pool = pool_of(&pool, 50).await;
    let all = (0..50).map(|n| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut transaction = pool.begin().await.expect("begins");
            let event = [added(n).to_new()];
            // Whoever was refused holds the stream: the second try cannot fail.
            match ledger::append(&mut transaction, "tally-1", Expected::New, &event, &somebody()).await {
                Ok(_) => {}
                Err(AppendError::Conflict { current }) => {
                    let again = Expected::Version(current);
                    let version = ledger::append(&mut transaction, "tally-1", again, &event, &somebody()).await;
                    assert_eq!(version.expect("appends"), current + 1);
                }
                Err(error) => panic!("{error}"),
            }
            transaction.commit().await.expect("commits");
        })
    });
    for outcome in futures::future::join_all(all).await {
        outcome.expect("ends");
    }
    assert_eq!(value::<i64>(&pool, "select count(distinct data ->> 'amount') from rowcast.event").await, 50);
    assert_eq!(value::<i64>(&pool, FLAWS).await, 0);
}

/// What one of several writers does.
#[derive(Clone, Debug)]
struct Write {
    writer: usize,
    stream: u8,
    events: usize,
    expects: Option<i64>,
    commits: bool,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let write = (0..4usize, 0..3u8, 1..4usize, proptest::option::of(0..6i64), proptest::bool::weighted(0.7));
    let write =
        write.prop_map(|(writer, stream, events, expects, commits)| Write { writer, stream, events, expects, commits });
    proptest::collection::vec(write, 1..40)
}

async fn write(pool: &PgPool, writes: Vec<Write>) {
    for Write { stream, events, expects, commits, .. } in writes {
        let mut transaction = pool.begin().await.expect("begins");
        let expected = expects.map_or(Expected::Any, Expected::Version);
        let events = vec![added(1).to_new(); events];
        match ledger::append(&mut transaction, &format!("tally-{stream}"), expected, &events, &somebody()).await {
            Ok(_) | Err(AppendError::Conflict { .. }) if !commits => transaction.rollback().await.expect("rolls back"),
            Ok(_) | Err(AppendError::Conflict { .. }) => transaction.commit().await.expect("commits"),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Runs something in a runtime of its own, because the test's waits for the cases of a property.
pub(super) fn apart<T: Send>(options: &PgConnectOptions, act: impl AsyncFnOnce(PgPool) -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let pool = PgPool::connect_with(options.clone()).await.expect("connects");
                let done = act(pool.clone()).await;
                pool.close().await;
                done
            })
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[sqlx::test(migrations = false)]
async fn whoever_appends_what_versions_have_neither_gaps_nor_doubles(pool: PgPool) {
    installed(&pool).await;
    let options = pool.connect_options().as_ref().clone();
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() });
    let outcome = runner.run(&writes(), |writes| {
        let flaws = apart(&options, async |pool| {
            let writers: Vec<_> = (0..4)
                .map(|own| {
                    let own = writes.iter().filter(|write| write.writer == own).cloned().collect();
                    let pool = pool.clone();
                    tokio::spawn(async move { write(&pool, own).await })
                })
                .collect();
            for writer in writers {
                writer.await.expect("ends");
            }
            value::<i64>(&pool, FLAWS).await
        });
        prop_assert_eq!(flaws, 0);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(value::<i64>(&pool, "select count(*) from rowcast.event").await > 100);
}

#[sqlx::test(migrations = false)]
async fn a_stream_that_is_not_there_is_at_no_version_but_zero(pool: PgPool) {
    installed(&pool).await;
    for (stream, expected, outcome) in [
        ("a", Expected::Version(1), Err(0)),
        ("a", Expected::Version(0), Ok(1)),
        ("a", Expected::New, Err(1)),
        ("b", Expected::New, Ok(1)),
        ("c", Expected::Any, Ok(1)),
        ("c", Expected::Version(2), Err(1)),
        ("c", Expected::Version(1), Ok(2)),
    ] {
        let told = match try_append(&pool, stream, expected, &added(1)).await {
            Ok(version) => Ok(version),
            Err(AppendError::Conflict { current }) => Err(current),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(told, outcome, "{stream} {expected:?}");
    }
}

#[sqlx::test(migrations = false)]
async fn nothing_to_append_is_an_answer_to_whether_the_stream_is_where_it_is_expected(pool: PgPool) {
    installed(&pool).await;
    append(&pool, "a", &[added(1), added(2)]).await;
    let mut transaction = pool.begin().await.expect("begins");
    for (expected, outcome) in [(Expected::Any, Some(2)), (Expected::Version(2), Some(2)), (Expected::New, None)] {
        let told = ledger::append(&mut transaction, "a", expected, &[], &somebody()).await.ok();
        assert_eq!(told, outcome, "{expected:?}");
    }
}

#[sqlx::test(migrations = false)]
async fn an_event_is_read_as_it_was_written(pool: PgPool) {
    installed(&pool).await;
    let data = json!({ "text": "ä\u{1F600}\n\"", "list": [1, 2.5, null, true], "large": 9_007_199_254_740_993_i64 });
    let event = NewEvent { kind: "Anything".to_owned(), schema: 4, data };
    let metadata = ledger::Metadata {
        cause: Some("command 5".to_owned()),
        correlation: Some("basket 9".to_owned()),
        ..somebody()
    };
    // In whatever way this session writes times.
    let mut transaction = pool.begin().await.expect("begins");
    sqlx::raw_sql("set local timezone = 'Asia/Kolkata'").execute(&mut *transaction).await.expect("sets");
    let written = ledger::append_recorded(&mut transaction, "a", Expected::Any, from_ref(&event), &metadata).await;
    let written = written.expect("appends");
    let read = ledger::read_stream(&mut transaction, "a", 1, &Until::Latest, 10).await.expect("reads");
    assert_eq!(written, read);
    let [recorded] = &read[..] else { panic!("{read:?}") };
    assert_eq!((&recorded.stream[..], recorded.version, recorded.schema), ("a", 1, 4));
    assert_eq!((&recorded.kind, &recorded.data, &recorded.metadata), (&event.kind, &event.data, &metadata));
    sqlx::raw_sql("set local timezone = 'UTC'").execute(&mut *transaction).await.expect("sets");
    let row = sqlx::query_scalar::<_, String>("select to_json(at)::text from rowcast.event");
    let row = row.fetch_one(&mut *transaction).await.expect("reads");
    assert_eq!(format!("{:?}", recorded.at), row);
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_kept_is_refused_and_the_transaction_goes_on(pool: PgPool) {
    installed(&pool).await;
    let mut transaction = pool.begin().await.expect("begins");
    for (stream, events) in [
        ("", vec![added(1).to_new()]),
        ("a", vec![NewEvent { kind: "a".to_owned(), schema: 1, data: json!("\0") }]),
        ("a", vec![NewEvent { kind: "a".to_owned(), schema: 1, data: json!("x".repeat(2 << 20)) }]),
        ("a", vec![added(1).to_new(); 1_001]),
    ] {
        let refused = ledger::append(&mut transaction, stream, Expected::Any, &events, &somebody()).await;
        assert!(matches!(refused, Err(AppendError::Unfit { .. })), "{refused:?}");
    }
    assert_eq!(append_in(&mut transaction, "a", &[added(1)]).await, 1);
    transaction.commit().await.expect("commits");
}

#[sqlx::test(migrations = false)]
async fn the_database_refuses_to_change_what_happened_whoever_asks(pool: PgPool) {
    installed(&pool).await;
    append(&pool, "a", &[added(1), added(2)]).await;
    let one = pool_of(&pool, 1).await;
    // The tests' role owns the tables, and is a superuser.
    for role in ["origin", "replica"] {
        sql(&one, &format!("set session_replication_role = {role}")).await;
        for statement in [
            "update rowcast.event set data = '{}'",
            "update rowcast.event set who_name = 'Eve' where version = 1",
            "update rowcast.event set version = 3 where false",
            "delete from rowcast.event",
            "truncate rowcast.event",
            "truncate rowcast.event, rowcast.stream cascade",
            "delete from rowcast.stream",
            "truncate rowcast.stream",
            "update rowcast.stream set version = version - 1",
            "update rowcast.stream set stream = 'b'",
            "insert into rowcast.event (stream, version, type, schema, data, who_name) values ('a', 1, 'x', 1, '{}', '')
             on conflict (stream, version) do update set data = '{}'",
        ] {
            let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&one).await;
            let refused = refused.expect_err(statement).into_database_error().expect("the database says so");
            assert_eq!(refused.code().as_deref(), Some("RC001"), "{role}: {statement}: {refused}");
            assert!(refused.message().contains("what happened stays"), "{refused}");
        }
    }
    assert_eq!(value::<i64>(&pool, "select sum((data ->> 'amount')::int) from rowcast.event").await, 3);
}

#[sqlx::test(migrations = false)]
async fn streams_do_not_wait_for_each_other(pool: PgPool) {
    installed(&pool).await;
    let mut open = pool.begin().await.expect("begins");
    append_in(&mut open, "slow", &[added(1)]).await;
    let mut dice = Dice::new(3);
    for _ in 0..20 {
        append(&pool, &format!("quick-{}", dice.roll(4)), &[added(1)]).await;
    }
    open.commit().await.expect("commits");
    assert_eq!(value::<i64>(&pool, FLAWS).await, 0);
}
