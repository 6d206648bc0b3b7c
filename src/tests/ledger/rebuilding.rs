//! Rebuilding while everything goes on: only what differs changes, at once, and pages stay live.

use super::{
    Tally, added,
    tables::{
        Lenient, Tallies, Things, append_and_project, append_only, differences, named, with_declared_tables,
        with_tables,
    },
};
use crate::support::{Client, PATIENCE, Server, eventually, pool_of, see_all, sql, value};
use rowcast::{
    capture::{self, Trust},
    ledger::{self, Events, Expected, ProjectionError, Rebuilt, Registry, Status, Until},
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

pub(super) const SHADOWS: &str = "select count(*) from pg_class where relname like 'shadow\\_%' and relkind = 'r'";

pub(super) async fn status(pool: &PgPool) -> Option<Status> {
    let mut connection = pool.acquire().await.expect("connects");
    ledger::projections(&mut connection).await.expect("reads").into_iter().find(|status| status.name == "tallies")
}

#[sqlx::test(migrations = false)]
async fn only_what_differs_is_written_in_one_transaction(pool: PgPool) {
    with_tables(&pool).await;
    for n in 0..60 {
        append_and_project(&pool, &format!("t-{n:02}"), &[added(n), named("x"), added(1)]).await.expect("projects");
    }
    capture::track(&pool, "tallies", Trust::Checked).await.expect("tracks");
    sql(
        &pool,
        "update tallies set sum = 999 where stream = 't-07'; delete from tallies where stream = 't-11';
         insert into tallies (stream, price, sum, name, version, at, tags) select 'z', price, sum, name, version, at, tags from tallies where stream = 't-12'",
    )
    .await;
    let before: i64 = value(&pool, "select max(seq) from rowcast.change").await;
    let rebuilt = ledger::rebuild::<Tallies>(&pool).await.expect("rebuilds");
    assert_eq!(rebuilt, Rebuilt { events: 180, removed: 1, written: 2 });
    let changed = format!(
        "select string_agg(op::text, '' order by op::text) || count(distinct xid) from rowcast.change
         where seq > {before} and table_id > 0"
    );
    assert_eq!(value::<String>(&pool, &changed).await, "DIU1");
    assert_eq!(differences::<Tallies>(&pool).await, []);
    let told = status(&pool).await.expect("is known");
    assert_eq!((&told.state[..], told.done, told.total, told.follows), ("live", 180, 180, false));
    assert_eq!(value::<i64>(&pool, SHADOWS).await, 0);
    let again = ledger::rebuild::<Tallies>(&pool).await.expect("rebuilds");
    assert_eq!(again, Rebuilt { events: 180, removed: 0, written: 0 });
}

/// Four writers, a page, a table that is wrong, and a rebuild in the midst of it.
#[sqlx::test(migrations = false)]
async fn pages_stay_live_and_appending_goes_on_while_a_projection_is_rebuilt(pool: PgPool) {
    with_tables(&pool).await;
    see_all(&pool).await;
    capture::track(&pool, "tallies", Trust::Checked).await.expect("tracks");
    for n in 0..200 {
        append_only(&pool, &format!("t-{n}"), &vec![added(1); 10]).await;
    }
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let tallies = client.subscribe("tallies", &["stream"]).await;
    client.until_live().await;
    let first = ledger::rebuild::<Tallies>(&pool).await.expect("builds");
    assert_eq!(first, Rebuilt { events: 2000, removed: 0, written: 200 });
    client.until("all rows are there", |client| client.rows_count(tallies) == 200).await;

    sql(
        &pool,
        "update tallies set name = 'wrong' where stream like 't-1%'; delete from tallies where stream like 't-2_'",
    )
    .await;
    client.until("it shows what is wrong", |client| client.rows_count(tallies) == 190).await;
    let writing = pool_of(&pool, 5).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (pool, stopped) = (writing.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !*stopped.borrow() {
                    // Of rows that are there, and of new ones.
                    let stream =
                        if n % 3 == 0 { format!("new-{writer}-{n}") } else { format!("t-{}", 100 + (n + writer) % 40) };
                    append_and_project(&pool, &stream, &[added(1)]).await.expect("nobody is refused");
                    n += 1;
                }
                n
            })
        })
        .collect();
    let mut rebuilds = 0;
    for _ in 0..3 {
        ledger::rebuild::<Tallies>(&pool).await.expect("rebuilds");
        rebuilds += 1;
    }
    stop.send(true).expect("they listen");
    let mut appended = 0;
    for writer in writers {
        appended += writer.await.expect("ends");
    }
    assert!(appended > 4 * rebuilds, "{appended} were appended meanwhile");
    assert_eq!(differences::<Tallies>(&pool).await, []);
    append_and_project(&pool, "last", &[named("the end")]).await.expect("projects");
    client.until("the page has it all", |client| client.row(tallies, "\"last\"").is_some()).await;
    let rows = sqlx::query_as::<_, (String, String)>(
        "select to_json(stream)::text, row_to_json(t.*)::text from tallies t order by 1",
    );
    let mut connection = pool.acquire().await.expect("connects");
    sqlx::raw_sql("set timezone = 'UTC'").execute(&mut *connection).await.expect("sets");
    let rows = rows.fetch_all(&mut *connection).await.expect("reads");
    assert_eq!(client.rows(tallies).into_iter().collect::<Vec<_>>(), rows);
    assert_eq!(client.resynced, 0, "nobody had to start over");
}

/// Whoever has appended and not committed yet is waited for, and those behind wait no longer than that.
#[sqlx::test(migrations = false)]
async fn a_rebuild_shows_its_progress_and_waits_for_those_who_are_under_way(pool: PgPool) {
    with_declared_tables(&pool).await;
    let pool = pool_of(&pool, 8).await;
    for n in 0..50 {
        append_only(&pool, &format!("t-{n}"), &vec![added(1); 20]).await;
    }
    let mut open = pool.begin().await.expect("begins");
    let events = [added(1).to_new()];
    let recorded = ledger::append_recorded(&mut open, "open", Expected::Any, &events, &super::somebody()).await;
    ledger::project_now::<Tallies>(&mut open, &recorded.expect("appends")).await.expect("projects");
    // Also on a page.
    see_all(&pool).await;
    capture::track(&pool, "rowcast.projection", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let projections = client.subscribe("rowcast.projection", &["name"]).await;
    client.until_live().await;
    let rebuilding = tokio::spawn({
        let pool = pool.clone();
        async move { ledger::rebuild::<Tallies>(&pool).await }
    });
    eventually("it has replayed what there is", || async {
        status(&pool).await.is_some_and(|told| (&told.state[..], told.done, told.total) == ("rebuilding", 1000, 1000))
    })
    .await;
    let shows =
        |client: &Client, text: &str| client.row(projections, "\"tallies\"").is_some_and(|row| row.contains(text));
    client
        .until("it is shown", |client| shows(client, r#""state":"rebuilding""#) && shows(client, r#""done":1000"#))
        .await;
    append_only(&pool, "more", &[added(1)]).await;
    assert_eq!(value::<i64>(&pool, "select count(*) from tallies").await, 0, "nothing is half built");
    open.commit().await.expect("commits");
    let rebuilt = rebuilding.await.expect("ends").expect("rebuilds");
    assert_eq!((rebuilt.events, rebuilt.written), (1002, 51), "the row of whoever was waited for was there already");
    client.until("it is shown", |client| shows(client, r#""state":"live""#) && shows(client, r#""done":1002"#)).await;
    assert_eq!(differences::<Tallies>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_later_rebuild_takes_over(pool: PgPool) {
    with_declared_tables(&pool).await;
    let pool = pool_of(&pool, 8).await;
    append_only(&pool, "a", &[added(1)]).await;
    let mut open = pool.begin().await.expect("begins");
    let events = [added(1).to_new()];
    let recorded = ledger::append_recorded(&mut open, "b", Expected::Any, &events, &super::somebody()).await;
    ledger::project_now::<Tallies>(&mut open, &recorded.expect("appends")).await.expect("projects");
    let rebuild = || {
        let pool = pool.clone();
        tokio::spawn(async move { ledger::rebuild::<Tallies>(&pool).await })
    };
    let first = rebuild();
    eventually("it has begun", || async { value::<i64>(&pool, SHADOWS).await == 1 }).await;
    let second = rebuild();
    let outcome = first.await.expect("ends");
    assert!(matches!(outcome, Err(ProjectionError::Superseded("tallies"))), "{outcome:?}");
    open.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends").expect("rebuilds").events, 2);
    assert_eq!(differences::<Tallies>(&pool).await, []);
    assert_eq!(value::<i64>(&pool, SHADOWS).await, 0);
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_that_fails_half_way_leaves_the_table_and_says_where(pool: PgPool) {
    with_tables(&pool).await;
    for n in 0..30 {
        append_and_project(&pool, &format!("t-{n}"), &[added(n)]).await.expect("projects");
    }
    sql(&pool, "update tallies set name = 'as it was'").await;
    append_only(&pool, "t-9", &[added(1), named("poison"), added(1)]).await;
    for n in 0..30 {
        append_only(&pool, &format!("later-{n}"), &[added(n)]).await;
    }
    let refused = ledger::rebuild::<Tallies>(&pool).await.expect_err("is poisoned");
    assert!(matches!(&refused, ProjectionError::Event { stream, version: 3, .. } if stream == "t-9"), "{refused}");
    let told = status(&pool).await.expect("is known");
    assert_eq!((&told.state[..], told.problem.as_deref()), ("failed", Some("it is poison")));
    assert_eq!(told.at_event, Some(("t-9".to_owned(), 3)));
    let untouched = "select count(*) from tallies where name = 'as it was'";
    assert_eq!(value::<i64>(&pool, untouched).await, 30);
    assert_eq!(value::<i64>(&pool, SHADOWS).await, 0);
    // Whatever the table refuses is found as well, though it is written with others.
    append_only(&pool, "huge", &[added(2_000_000)]).await;
    let refused = ledger::rebuild::<Lenient>(&pool).await.expect_err("is refused");
    assert!(matches!(&refused, ProjectionError::Event { stream, version: 1, .. } if stream == "huge"), "{refused}");
    assert_eq!(value::<i64>(&pool, untouched).await, 30);
    sql(&pool, "alter table tallies drop constraint sums_are_small").await;
    ledger::rebuild::<Lenient>(&pool).await.expect("rebuilds");
    let told = status(&pool).await.expect("is known");
    assert_eq!((&told.state[..], told.problem, told.at_event), ("live", None, None));
    assert_eq!(differences::<Lenient>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_registered_projection_is_built_where_it_never_was_and_after_its_version_changed(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "a", &[added(1)]).await;
    for (registry, expected) in [
        (Registry::new().now::<Tallies<1>>(), 1),
        (Registry::new().now::<Tallies<2>>(), 2),
        (Registry::new().now::<Tallies<1>>(), 2),
    ] {
        let kept = registry.keep(pool.clone(), CancellationToken::new());
        tokio::time::timeout(PATIENCE, kept).await.expect("there is nothing to be kept once it is built");
        assert_eq!(value::<i64>(&pool, "select sum from tallies").await, expected);
    }
    assert_eq!(Registry::new().now::<Tallies>().later::<Things>().names().collect::<Vec<_>>(), ["tallies", "things"]);
}

#[sqlx::test(migrations = false)]
async fn a_new_ledger_needs_no_building(pool: PgPool) {
    with_tables(&pool).await;
    Registry::new().now::<Tallies>().keep(pool.clone(), CancellationToken::new()).await;
    let told = status(&pool).await.expect("is known");
    assert_eq!((&told.state[..], told.version, told.follows), ("live", 1, false));
    append_and_project(&pool, "a", &[added(1)]).await.expect("projects");
    assert_eq!(differences::<Tallies>(&pool).await, []);
}

/// What a stream has come to, and what is kept from it, tell the same.
#[sqlx::test(migrations = false)]
async fn a_row_is_what_its_stream_has_come_to(pool: PgPool) {
    with_tables(&pool).await;
    for n in 0..150 {
        append_and_project(&pool, "a", &[added(n)]).await.expect("projects");
    }
    let mut transaction = pool.begin().await.expect("begins");
    let (tally, version) = ledger::load::<Tally>(&mut transaction, "a", &Until::Latest).await.expect("loads");
    let row = "select format('%s %s', sum, version) from tallies";
    assert_eq!(value::<String>(&pool, row).await, format!("{} {version}", tally.sum));
}
