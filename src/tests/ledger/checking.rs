//! Checking: a table that is not what its events make, and a ledger that is not whole, are found.

use super::{
    added,
    tables::{Tallies, Things, append_and_project, append_only, differences, with_tables},
};
use crate::support::{pool_of, sql, value};
use rowcast::ledger::{self, Difference, Follower, Step};
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn a_planted_difference_is_found_and_told(pool: PgPool) {
    with_tables(&pool).await;
    for n in 0..30 {
        append_and_project(&pool, &format!("t-{n:02}"), &[added(n), added(1)]).await.expect("projects");
    }
    let checked = ledger::check::<Tallies>(&pool, 10).await.expect("checks");
    assert_eq!((checked.events, checked.differences), (60, vec![]));
    sql(
        &pool,
        "update tallies set sum = 999 where stream = 't-07'; delete from tallies where stream = 't-11';
         insert into tallies (stream, price, sum, name, version, at, tags) select 'z', price, sum, name, version, at, tags from tallies where stream = 't-12'",
    )
    .await;
    let found = differences::<Tallies>(&pool).await;
    let [changed, missing, surplus] = &found[..] else { panic!("{found:?}") };
    let told = |difference: &Difference, key: &str| difference.key == format!(r#"{{"stream":"{key}"}}"#);
    assert!(told(changed, "t-07") && told(missing, "t-11") && told(surplus, "z"), "{found:?}");
    let has = |row: &Option<String>, text: &str| row.as_ref().is_some_and(|row| row.contains(text));
    assert!(has(&changed.actual, r#""sum":999"#) && has(&changed.expected, r#""sum":8,"#), "{changed:?}");
    assert!(missing.actual.is_none() && has(&missing.expected, r#""sum":12,"#), "{missing:?}");
    assert!(has(&surplus.actual, "\"z\"") && surplus.expected.is_none(), "{surplus:?}");
    assert_eq!(ledger::check::<Tallies>(&pool, 2).await.expect("checks").differences, found[..2]);
    assert_eq!(value::<i64>(&pool, "select count(*) from tallies").await, 30, "it changes nothing");
    assert_eq!(differences::<Things>(&pool).await, [], "others are as they should be");
}

#[sqlx::test(migrations = false)]
async fn while_others_append_nothing_is_found_that_is_not_there(pool: PgPool) {
    with_tables(&pool).await;
    let pool = pool_of(&pool, 6).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (pool, stopped) = (pool.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !*stopped.borrow() {
                    append_and_project(&pool, &format!("t-{}", (n + writer) % 7), &[added(n)]).await.expect("projects");
                    n += 1;
                }
                n
            })
        })
        .collect();
    for _ in 0..8 {
        assert_eq!(differences::<Tallies>(&pool).await, []);
        assert_eq!(differences::<Things>(&pool).await, []);
    }
    stop.send(true).expect("they listen");
    for writer in writers {
        assert!(writer.await.expect("ends") > 3, "something was appended meanwhile");
    }
}

#[sqlx::test(migrations = false)]
async fn one_that_follows_is_compared_with_the_events_up_to_where_it_stands(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    let mut follower = Follower::<Tallies>::new(pool.clone());
    let steps = [follower.step().await.expect("builds"), follower.step().await.expect("looks")];
    assert_eq!(steps, [Step::Advanced, Step::UpToDate]);
    append_only(&pool, "a", &[added(2)]).await;
    append_only(&pool, "b", &[added(3)]).await;
    let checked = ledger::check::<Tallies>(&pool, 10).await.expect("checks");
    assert_eq!((checked.events, checked.differences), (1, vec![]));
    sql(&pool, "update tallies set sum = 2").await;
    assert_eq!(differences::<Tallies>(&pool).await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn a_stream_that_is_not_whole_is_found(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1), added(2)]).await;
    let faults = async || {
        let mut connection = pool.acquire().await.expect("connects");
        ledger::check_streams(&mut connection, 10).await.expect("checks")
    };
    assert_eq!(faults().await, []);
    sql(
        &pool,
        "insert into rowcast.stream values ('empty', 3), ('gap', 4);
         insert into rowcast.event (stream, version, type, schema, data, who_name)
         values ('gap', 2, 'x', 1, '{}', ''), ('gap', 4, 'x', 1, '{}', ''), ('headless', 1, 'x', 1, '{}', '')",
    )
    .await;
    let found = faults().await;
    let told: Vec<_> = found.iter().map(|(stream, fault)| format!("{stream} {fault}")).collect();
    assert_eq!(
        told,
        [
            "empty is at version 3 and has no events",
            "gap is at version 4 and has 2 events from 2 to 4",
            "headless has 1 events and no head"
        ]
    );
}
