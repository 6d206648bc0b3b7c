//! Projections that follow: each event once, whenever the follower dies, and a stop that concerns nobody else.

use super::{
    Tallied, added, append_in,
    rebuilding::SHADOWS,
    tables::{Lenient, Tallies, Things, append_only, differences, named, of, with_tables},
};
use crate::support::{eventually, pool_of, sql, value};
use rowcast::ledger::{self, Follower, Projection, ProjectionError, Registry, Status, Step};
use sqlx::{PgPool, postgres::PgConnectOptions};
use std::{future::poll_fn, pin::pin, task::Poll};
use tokio_util::sync::CancellationToken;

async fn catch_up<P: Projection>(pool: &PgPool) -> Step {
    let mut follower = Follower::<P>::new(pool.clone());
    for _ in 0..1_000 {
        match follower.step().await.expect("steps") {
            Step::Advanced => {}
            step => return step,
        }
    }
    panic!("it never ends")
}

async fn status(pool: &PgPool, name: &str) -> Status {
    let mut connection = pool.acquire().await.expect("connects");
    let all = ledger::projections(&mut connection).await.expect("reads");
    all.into_iter().find(|status| status.name == name).expect("is known")
}

/// A process that follows and dies after so many moments, of which each is one in which it waits for the database. Whether it got to
/// the end of its step before.
fn follow_and_die<P: Projection>(options: &PgConnectOptions, moments: usize) -> bool {
    std::thread::scope(|scope| {
        let died = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let ended = runtime.block_on(async {
                let pool = PgPool::connect_lazy_with(options.clone());
                let mut follower = Follower::<P>::new(pool);
                let mut step = pin!(follower.step());
                let mut polls = 0;
                poll_fn(|context| {
                    if polls == moments {
                        return Poll::Ready(false);
                    }
                    polls += 1;
                    step.as_mut().poll(context).map(|step| step.is_ok())
                })
                .await
            });
            // Nobody says goodbye.
            runtime.shutdown_background();
            ended
        });
        died.join().expect("does not panic")
    })
}

#[sqlx::test(migrations = false)]
async fn whenever_a_follower_dies_each_event_is_taken_once(pool: PgPool) {
    with_tables(&pool).await;
    let options = pool.connect_options().as_ref().clone();
    append_only(&pool, "a", &[added(1)]).await;
    catch_up::<Things>(&pool).await;
    let (mut ended, mut moments) = (0, 0);
    // The number of moments differs a little from time to time.
    while ended < 3 {
        append_only(&pool, "a", &[added(1), of(1, "bolts")]).await;
        ended += usize::from(follow_and_die::<Things>(&options, moments));
        assert_eq!(differences::<Things>(&pool).await, [], "after {moments} moments");
        moments += 1;
    }
    assert!(moments > 10, "it was killed on its way: {moments}");
    assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
    assert_eq!(differences::<Things>(&pool).await, []);
    let taken = "select sum(events)::bigint from \"Things\"";
    assert_eq!(value::<i64>(&pool, taken).await, value::<i64>(&pool, "select count(*) from rowcast.event").await);
}

#[sqlx::test(migrations = false)]
async fn whenever_a_first_build_dies_the_next_one_takes_over(pool: PgPool) {
    with_tables(&pool).await;
    let options = pool.connect_options().as_ref().clone();
    append_only(&pool, "a", &[added(1)]).await;
    let mut moments = 0;
    while !follow_and_die::<Things>(&options, moments) {
        let before: i64 = value(&pool, "select count(*) from \"Things\"").await;
        assert!(before == 0 || differences::<Things>(&pool).await.is_empty(), "after {moments} moments");
        // As if nothing had been heard of it for a while.
        sql(
            &pool,
            "delete from \"Things\"; update rowcast.projection set at = now() - interval '2 minutes', position = null",
        )
        .await;
        moments += 3;
    }
    assert!(moments > 10, "it was killed on its way: {moments}");
    assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
    assert_eq!(differences::<Things>(&pool).await, []);
    let left = "select count(*) from pg_class where relname like 'shadow\\_%' and relkind = 'r'";
    assert_eq!(value::<i64>(&pool, left).await, 0);
}

#[sqlx::test(migrations = false)]
async fn however_many_follow_each_event_is_taken_once(pool: PgPool) {
    with_tables(&pool).await;
    let pool = pool_of(&pool, 8).await;
    let stop = CancellationToken::new();
    let followers: Vec<_> = (0..3)
        .map(|_| tokio::spawn(Registry::new().later::<Things>().later::<Tallies>().keep(pool.clone(), stop.clone())))
        .collect();
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for n in 0..60 {
                    append_only(&pool, &format!("t-{}", (n + writer) % 5), &[added(n), of(n, "bolts")]).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("ends");
    }
    let taken = "select coalesce(sum(events), 0)::bigint from \"Things\"";
    eventually("everything is taken", || async { value::<i64>(&pool, taken).await == 360 }).await;
    let sums = "select coalesce(sum(version), 0)::bigint from tallies";
    eventually("everything is taken", || async { value::<i64>(&pool, sums).await == 360 }).await;
    stop.cancel();
    for follower in followers {
        follower.await.expect("ends");
    }
    assert_eq!(differences::<Things>(&pool).await, []);
    assert_eq!(differences::<Tallies>(&pool).await, []);
    assert_eq!(status(&pool, "things").await.state, "live");
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_taken_stops_one_projection_until_it_is_mended(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::UpToDate);
    for n in 0..40 {
        append_only(&pool, &format!("t-{n}"), &[added(n)]).await;
    }
    append_only(&pool, "a", &[added(1), named("poison")]).await;
    append_only(&pool, "after", &[added(1)]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::Failed);
    let told = status(&pool, "tallies").await;
    assert_eq!((&told.state[..], told.problem.as_deref()), ("failed", Some("it is poison")));
    assert_eq!(told.at_event, Some(("a".to_owned(), 3)));
    // Its last good state: everything before, and not half of the transaction.
    let seen = "select string_agg(format('%s:%s', stream, version), ' ' order by stream) from tallies
        where stream in ('a', 't-39', 'after')";
    assert_eq!(value::<String>(&pool, seen).await, "a:1 t-39:1");
    assert_eq!(differences::<Tallies>(&pool).await, []);
    // Appending goes on, and so do others.
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::Failed, "it stays so");
    assert_eq!(catch_up::<Lenient>(&pool).await, Step::UpToDate);
    let told = status(&pool, "tallies").await;
    assert_eq!((&told.state[..], told.problem, told.at_event), ("live", None, None));
    assert_eq!(value::<String>(&pool, seen).await, "a:4 after:1 t-39:1");
    assert_eq!(differences::<Lenient>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn whatever_a_projection_stumbles_over_is_told(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::UpToDate);
    append_only(&pool, "b", &[added(2_000_000)]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::Failed);
    let told = status(&pool, "tallies").await;
    assert_eq!(told.at_event, Some(("b".to_owned(), 1)));
    assert!(told.problem.expect("told").contains("sums_are_small"));
    sql(&pool, "alter table tallies drop constraint sums_are_small").await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::UpToDate);
    append_only(&pool, "c", &[named("panic")]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::Failed);
    assert_eq!(status(&pool, "tallies").await.problem.as_deref(), Some("the fold panics"));
    sql(&pool, "alter table tallies rename to away").await;
    assert_eq!(catch_up::<Lenient>(&pool).await, Step::Failed);
    let told = status(&pool, "tallies").await;
    assert!(told.problem.expect("told").contains("\"public.tallies\" does not exist") && told.at_event.is_none());
    sql(&pool, "alter table away rename to tallies").await;
    assert_eq!(catch_up::<Lenient>(&pool).await, Step::UpToDate);
    assert_eq!(differences::<Lenient>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_running_follower_goes_on_by_itself_when_what_stopped_it_is_mended(pool: PgPool) {
    with_tables(&pool).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Follower::<Tallies>::new(pool.clone()).run(stop.clone()));
    append_only(&pool, "b", &[added(2_000_000)]).await;
    let state = "select coalesce((select state from rowcast.projection where name = 'tallies'), '')";
    eventually("it stops", || async { value::<String>(&pool, state).await == "failed" }).await;
    sql(&pool, "alter table tallies drop constraint sums_are_small").await;
    eventually("it goes on", || async { value::<String>(&pool, state).await == "live" }).await;
    assert_eq!(value::<i64>(&pool, "select sum from tallies").await, 2_000_000);
    stop.cancel();
    running.await.expect("ends");
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_that_died_is_not_told_of_for_ever(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::UpToDate);
    let rebuilt = "update rowcast.projection set state = 'rebuilding', rebuild = gen_random_uuid(), at = now()";
    sql(&pool, rebuilt).await;
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::UpToDate);
    append_only(&pool, "b", &[named("poison")]).await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::Failed);
    assert_eq!(status(&pool, "tallies").await.state, "rebuilding", "whoever rebuilds it may do better");
    sql(&pool, "update rowcast.projection set at = now() - interval '61 seconds'").await;
    assert_eq!(catch_up::<Tallies>(&pool).await, Step::Failed);
    assert_eq!(status(&pool, "tallies").await.state, "failed");
    // What it left is known until the next one removes it.
    sql(
        &pool,
        "do $$ begin
            execute format('create table rowcast.%I ()', 'shadow_' || (select replace(rebuild::text, '-', '') from rowcast.projection));
         end $$",
    )
    .await;
    assert_eq!(value::<i64>(&pool, SHADOWS).await, 1);
    ledger::rebuild::<Lenient>(&pool).await.expect("rebuilds");
    assert_eq!(value::<i64>(&pool, SHADOWS).await, 0);
    sql(&pool, &format!("{rebuilt} - interval '61 seconds'")).await;
    assert_eq!(catch_up::<Lenient>(&pool).await, Step::UpToDate);
    assert_eq!(status(&pool, "tallies").await.state, "live");
    assert_eq!(differences::<Lenient>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_newer_program_rebuilds_and_an_older_one_stands_back(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(3), Tallied::Named { name: "x".into() }]).await;
    assert_eq!(catch_up::<Tallies<1>>(&pool).await, Step::UpToDate);
    assert_eq!(catch_up::<Tallies<2>>(&pool).await, Step::UpToDate);
    assert_eq!(value::<i64>(&pool, "select sum from tallies").await, 6);
    let refused = Follower::<Tallies<1>>::new(pool.clone()).step().await;
    assert!(matches!(refused, Err(ProjectionError::Outdated { stored: 2, known: 1, .. })), "{refused:?}");
    append_only(&pool, "a", &[added(3)]).await;
    assert_eq!(catch_up::<Tallies<2>>(&pool).await, Step::UpToDate);
    assert_eq!(value::<i64>(&pool, "select sum from tallies").await, 12);
}

#[sqlx::test(migrations = false)]
async fn events_of_another_database_are_taken_once_after_a_restore(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
    // As a dump would have them that comes from a database with higher numbers.
    sql(
        &pool,
        "insert into rowcast.stream values ('b', 1);
         insert into rowcast.event (stream, version, type, schema, data, who_name, xid)
         values ('b', 1, 'TallyAdded', 1, '5', '', '4000000000');
         update rowcast.projection set position = '4000000001:4000000001:'",
    )
    .await;
    for n in 0..5 {
        assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
        assert_eq!(value::<i64>(&pool, "select amount from \"Things\"").await, 6 + n);
        assert_eq!(differences::<Things>(&pool).await, []);
        append_only(&pool, "a", &[added(1)]).await;
    }
    let lines = value::<i64>(&pool, "select foreign_events from rowcast.history").await;
    assert_eq!(lines, 2);
}

/// Nobody but those who brought the events knows that there was a restore, until somebody looks: meanwhile others append here.
#[sqlx::test(migrations = false)]
async fn whoever_is_late_after_a_restore_is_not_lost(pool: PgPool) {
    with_tables(&pool).await;
    sql(
        &pool,
        "insert into rowcast.stream values ('b', 1);
         insert into rowcast.event (stream, version, type, schema, data, who_name, xid)
         values ('b', 1, 'TallyAdded', 1, '5', '', '4000000000')",
    )
    .await;
    let pool = pool_of(&pool, 4).await;
    let mut late = pool.begin().await.expect("begins");
    append_in(&mut late, "late", &[added(10)]).await;
    append_only(&pool, "a", &[added(1)]).await;
    assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
    assert_eq!(value::<i64>(&pool, "select amount from \"Things\"").await, 6);
    late.commit().await.expect("commits");
    assert_eq!(catch_up::<Things>(&pool).await, Step::UpToDate);
    assert_eq!(value::<i64>(&pool, "select amount from \"Things\"").await, 16);
    assert_eq!(differences::<Things>(&pool).await, []);
}
