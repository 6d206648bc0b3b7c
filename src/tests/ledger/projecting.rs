//! Projections that are kept in the transactions that append.

use super::{
    Tallied, added,
    appending::apart,
    tables::{Lenient, Tallies, Things, append_and_project, append_only, differences, named, of, with_tables},
};
use crate::support::{pool_of, sql, value};
use proptest::{prelude::*, test_runner::TestRunner};
use rowcast::ledger::{self, Events, Expected, ProjectionError};
use sqlx::PgPool;

const ROWS: &str = "select coalesce(string_agg(format('%s:%s:%s:%s:%s:%s', stream, sum, doubled, name, version, price), ' ' order by stream), '')
    from tallies";

#[sqlx::test(migrations = false)]
async fn rows_change_in_the_transaction_of_the_event(pool: PgPool) {
    with_tables(&pool).await;
    append_and_project(&pool, "a", &[added(5), named("Ä"), added(-1)]).await.expect("projects");
    append_and_project(&pool, "b", &[added(2)]).await.expect("projects");
    assert_eq!(value::<String>(&pool, ROWS).await, "a:4:8:Ä:3:1.00 b:2:4::1:0.50");
    let mut undone = pool.begin().await.expect("begins");
    let events = [added(100).to_new()];
    let recorded = ledger::append_recorded(&mut undone, "a", Expected::Any, &events, &super::somebody()).await;
    ledger::project_now::<Tallies>(&mut undone, &recorded.expect("appends")).await.expect("projects");
    undone.rollback().await.expect("rolls back");
    append_and_project(&pool, "b", &[Tallied::Closed]).await.expect("projects");
    assert_eq!(value::<String>(&pool, ROWS).await, "a:4:8:Ä:3:1.00");
    assert_eq!(value::<String>(&pool, "select format('%s %s', amount, events) from \"Things\"").await, "6 3");
    assert_eq!(differences::<Tallies>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn of_many_who_make_the_same_row_none_is_lost(pool: PgPool) {
    with_tables(&pool).await;
    let pool = pool_of(&pool, 20).await;
    let all = (0..20).map(|n| {
        let pool = pool.clone();
        // In orders that would have them wait for each other in a circle.
        let mut events = vec![of(1, "bolts"), of(1, "nuts"), of(1, "screws")];
        events.rotate_left(n % 3);
        tokio::spawn(async move { append_and_project(&pool, &format!("t-{n}"), &events).await })
    });
    for outcome in futures::future::join_all(all).await {
        outcome.expect("ends").expect("projects");
    }
    let sums = "select string_agg(format('%s:%s:%s', \"of\", amount, events), ' ' order by \"of\") from \"Things\"";
    assert_eq!(value::<String>(&pool, sums).await, "bolts:20:20 nuts:20:20 screws:20:20");
}

fn steps() -> impl Strategy<Value = Vec<(usize, u8, Vec<Tallied>, bool)>> {
    let event = prop_oneof![
        4 => (-9..9i64, "bolts|nuts").prop_map(|(amount, kind)| of(amount, &kind)),
        2 => "[a-z'\"\\\\é ]{0,4}".prop_map(|name| named(&name)),
        1 => Just(Tallied::Closed),
    ];
    let events = proptest::collection::vec(event, 1..5);
    let step = (0..3usize, 0..4u8, events, proptest::bool::weighted(0.8));
    proptest::collection::vec(step, 1..40)
}

#[sqlx::test(migrations = false)]
async fn whatever_is_appended_the_rows_are_those_of_a_replay(pool: PgPool) {
    with_tables(&pool).await;
    // Each case has streams of its own.
    sql(&pool, "create sequence cases").await;
    let options = pool.connect_options().as_ref().clone();
    let mut runner = TestRunner::new(ProptestConfig { cases: 16, failure_persistence: None, ..Default::default() });
    let outcome = runner.run(&steps(), |steps| {
        let (tallies, things) = apart(&options, async |pool| {
            let begun: i64 = value(&pool, "select nextval('cases')").await;
            let writers: Vec<_> = (0..3)
                .map(|own| {
                    let own: Vec<_> = steps.iter().filter(|step| step.0 == own).cloned().collect();
                    let pool = pool.clone();
                    tokio::spawn(async move {
                        for (_, stream, events, commits) in own {
                            let stream = format!("{begun}-{stream}");
                            let mut transaction = pool.begin().await.expect("begins");
                            let events: Vec<_> = events.iter().map(Events::to_new).collect();
                            let by = super::somebody();
                            let recorded =
                                ledger::append_recorded(&mut transaction, &stream, Expected::Any, &events, &by);
                            let recorded = recorded.await.expect("appends");
                            ledger::project_now::<Things>(&mut transaction, &recorded).await.expect("projects");
                            ledger::project_now::<Lenient>(&mut transaction, &recorded).await.expect("projects");
                            if commits {
                                transaction.commit().await.expect("commits");
                            }
                        }
                    })
                })
                .collect();
            for writer in writers {
                writer.await.expect("ends");
            }
            (differences::<Lenient>(&pool).await, differences::<Things>(&pool).await)
        });
        prop_assert_eq!(tallies, []);
        prop_assert_eq!(things, []);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(value::<i64>(&pool, "select count(*) from rowcast.event").await > 300);
}

#[sqlx::test(migrations = false)]
async fn an_event_that_no_row_can_be_made_of_is_refused_with_its_transaction_and_harms_no_other(pool: PgPool) {
    with_tables(&pool).await;
    append_and_project(&pool, "a", &[added(1)]).await.expect("projects");
    let before = value::<String>(&pool, ROWS).await;
    for (events, reason) in [
        (vec![added(1), named("poison")], "it is poison"),
        (vec![named("fine"), named("panic")], "the fold panics"),
        (vec![named("fine"), named("elsewhere")], "has not the key"),
    ] {
        let refused = append_and_project(&pool, "a", &events).await.expect_err(reason);
        let ProjectionError::Event { projection, stream, version, why } = &refused else { panic!("{refused}") };
        assert_eq!((*projection, &stream[..], *version), ("tallies", "a", 3));
        assert!(why.contains(reason), "{why}");
    }
    let refused = append_and_project(&pool, "a", &[added(2_000_000)]).await.expect_err("the table refuses it");
    assert!(refused.to_string().contains("sums_are_small"), "{refused}");
    assert_eq!(value::<String>(&pool, ROWS).await, before);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 1);
    append_and_project(&pool, "a", &[added(1)]).await.expect("projects");
    append_and_project(&pool, "b", &[added(1)]).await.expect("projects");
}

#[sqlx::test(migrations = false)]
async fn a_table_that_does_not_fit_is_told_so(pool: PgPool) {
    with_tables(&pool).await;
    for (change, reason) in [
        ("alter table tallies rename name to title", "has no column name"),
        (
            "alter table tallies rename title to name; alter table tallies drop constraint tallies_pkey",
            "has no primary key",
        ),
        ("drop table tallies", "does not exist"),
    ] {
        sql(&pool, change).await;
        let refused = append_and_project(&pool, "a", &[added(1)]).await.expect_err(reason);
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_program_that_is_older_than_the_rows_writes_none(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    ledger::rebuild::<Tallies<2>>(&pool).await.expect("rebuilds");
    let refused = append_and_project(&pool, "a", &[added(1)]).await.expect_err("it is of version 1");
    assert!(matches!(refused, ProjectionError::Outdated { stored: 2, known: 1, .. }), "{refused}");
    let refused = ledger::rebuild::<Tallies<1>>(&pool).await.expect_err("it is of version 1");
    assert!(matches!(refused, ProjectionError::Outdated { .. }), "{refused}");
}
