//! Whose a table is: what somebody else has in one stays, however it came there.

use super::{
    added,
    rebuilding::status,
    tables::{Lenient, Tallies, TallyRow, Things, append_and_project, append_only, declare, differences, with_tables},
};
use crate::support::{PATIENCE, eventually, pool_of, sql, value};
use rowcast::ledger::{self, FoldError, Follower, Projection, ProjectionError, Rebuilt, Recorded, Registry, Step};
use serde_json::Value;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const THEIRS: &str =
    "insert into tallies (stream, price, sum, name, version, at, tags) values ('theirs', 1, 4, '', 1, now(), '{}')";

/// Puts another table of the same name and columns in the place of the first.
const ANEW: &str =
    "create table anew (like tallies including all); drop table tallies; alter table anew rename to tallies";

/// Another projection that would keep the same table.
struct Rivals;

impl Projection for Rivals {
    const NAME: &'static str = "rivals";
    const VERSION: i32 = 1;
    // The same table, spelled otherwise.
    const TABLE: &'static str = "\"public\".\"tallies\"";
    type Row = TallyRow;

    fn keys(event: &Recorded) -> Result<Vec<Value>, FoldError> {
        Tallies::<1>::keys(event)
    }

    fn fold(key: &Value, row: Option<TallyRow>, event: &Recorded) -> Result<Option<TallyRow>, FoldError> {
        Tallies::<1>::fold(key, row, event)
    }
}

fn is_foreign<T>(outcome: &Result<T, ProjectionError>) -> bool {
    matches!(outcome, Err(ProjectionError::Foreign { .. }))
}

/// What somebody else has in a table stays, whatever the program would keep there.
#[sqlx::test(migrations = false)]
async fn a_table_with_rows_that_no_event_has_made_is_somebody_elses(pool: PgPool) {
    with_tables(&pool).await;
    sql(
        &pool,
        "insert into tallies (stream, price, sum, name, version, at, tags) values ('theirs', 1, 4, '', 1, now(), '{}');
         insert into \"Things\" values ('theirs', 1, 1)",
    )
    .await;
    append_only(&pool, "t", &[added(1)]).await;
    let refused = append_and_project(&pool, "t", &[added(2)]).await;
    assert!(matches!(refused, Err(ProjectionError::Foreign { table: "public.tallies", .. })), "{refused:?}");
    let refused = ledger::rebuild::<Tallies>(&pool).await;
    assert!(matches!(refused, Err(ProjectionError::Foreign { .. })), "{refused:?}");
    let kept = Registry::new().now::<Tallies>().later::<Things>().keep(pool.clone(), CancellationToken::new());
    tokio::time::timeout(PATIENCE, kept).await.expect("gives up");
    let theirs = "select count(*) from (select stream from tallies union all select \"of\" from \"Things\") a where stream = 'theirs'";
    assert_eq!(value::<i64>(&pool, theirs).await, 2);
    assert_eq!(value::<i64>(&pool, "select count(*) from tallies").await, 1);
    assert!(status(&pool).await.is_none(), "it is not known as a projection's");

    sql(&pool, "delete from tallies").await;
    let rebuilt = ledger::rebuild::<Tallies>(&pool).await.expect("is empty now");
    assert_eq!(rebuilt, Rebuilt { events: 1, removed: 0, written: 1 });
}

#[sqlx::test(migrations = false)]
async fn what_is_put_into_a_table_that_was_declared_goes_with_the_next_rebuild(pool: PgPool) {
    with_tables(&pool).await;
    declare::<Things>(&pool).await.expect("is empty");
    sql(&pool, "insert into \"Things\" values ('planted', 1, 1)").await;
    declare::<Things>(&pool).await.expect("is known");
    append_and_project(&pool, "t", &[added(2)]).await.expect("is its own");
    let rebuilt = ledger::rebuild::<Things>(&pool).await.expect("rebuilds");
    assert_eq!(rebuilt, Rebuilt { events: 1, removed: 1, written: 0 });
}

#[sqlx::test(migrations = false)]
async fn a_failure_claims_no_table(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "t", &[added(1)]).await;
    sql(&pool, "drop table tallies").await;
    assert_eq!(Follower::<Tallies>::new(pool.clone()).step().await.expect("steps"), Step::Failed);
    assert_eq!(status(&pool).await.expect("is told").state, "failed");
    sql(&pool, &super::tables::TABLES.replace("\"Things\"", "\"Others\"")).await;
    sql(&pool, THEIRS).await;
    assert!(is_foreign(&ledger::rebuild::<Tallies>(&pool).await));
    assert_eq!(value::<i64>(&pool, "select count(*) from tallies").await, 1);
}

#[sqlx::test(migrations = false)]
async fn a_table_that_was_made_anew_is_another_one(pool: PgPool) {
    with_tables(&pool).await;
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    sql(&pool, ANEW).await;
    sql(&pool, THEIRS).await;
    assert!(is_foreign(&ledger::rebuild::<Tallies>(&pool).await));
    assert!(is_foreign(&append_and_project(&pool, "t", &[added(1)]).await));
    assert_eq!(value::<String>(&pool, "select string_agg(stream, ' ') from tallies").await, "theirs");
    // While it is empty it may be taken, and what is missing in it is built.
    sql(&pool, "truncate tallies").await;
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    Registry::new().now::<Tallies>().keep(pool.clone(), CancellationToken::new()).await;
    assert_eq!(value::<String>(&pool, "select string_agg(stream, ' ') from tallies").await, "t");
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    assert_eq!(differences::<Tallies>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn whoever_follows_leaves_a_table_alone_that_was_made_anew(pool: PgPool) {
    with_tables(&pool).await;
    append_only(&pool, "t", &[added(1)]).await;
    let mut follower = Follower::<Tallies>::new(pool.clone());
    while follower.step().await.expect("steps") == Step::Advanced {}
    assert_eq!(value::<i64>(&pool, "select sum from tallies").await, 1);
    sql(&pool, ANEW).await;
    sql(&pool, &THEIRS.replace("theirs", "t")).await;
    append_only(&pool, "t", &[added(1)]).await;
    let stepped = follower.step().await;
    assert!(is_foreign(&stepped), "{stepped:?}");
    assert_eq!(value::<i64>(&pool, "select sum from tallies").await, 4, "theirs");
    // An empty one is built from the beginning.
    sql(&pool, "truncate tallies").await;
    while follower.step().await.expect("steps") == Step::Advanced {}
    assert_eq!(value::<i64>(&pool, "select sum from tallies").await, 2);
    assert_eq!(differences::<Tallies>(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_leaves_a_table_alone_that_was_made_anew_under_its_hands(pool: PgPool) {
    with_tables(&pool).await;
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    let pool = pool_of(&pool, 4).await;
    // Whoever projects holds it back from putting what it has built in the place of the rows.
    let mut projecting = pool.begin().await.expect("begins");
    let held = sqlx::query("select pg_advisory_xact_lock_shared(1919907684, hashtext('tallies'))");
    held.execute(&mut *projecting).await.expect("locks");
    let rebuilding = tokio::spawn({
        let pool = pool.clone();
        async move { ledger::rebuild::<Tallies>(&pool).await }
    });
    eventually("it has replayed what there is", || async {
        status(&pool).await.is_some_and(|told| (&told.state[..], told.done) == ("rebuilding", 1))
    })
    .await;
    sql(&pool, ANEW).await;
    sql(&pool, THEIRS).await;
    projecting.commit().await.expect("commits");
    let rebuilt = rebuilding.await.expect("ends");
    assert!(matches!(rebuilt, Err(ProjectionError::Superseded("tallies"))), "{rebuilt:?}");
    assert_eq!(value::<String>(&pool, "select string_agg(stream, ' ') from tallies").await, "theirs");
}

#[sqlx::test(migrations = false)]
async fn a_claim_that_was_made_before_an_upgrade_in_place_is_no_ticket_for_another_table(pool: PgPool) {
    with_tables(&pool).await;
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    sql(&pool, "update rowcast.projection set home = 'before the upgrade'").await;
    Registry::new().now::<Tallies>().keep(pool.clone(), CancellationToken::new()).await;
    sql(&pool, ANEW).await;
    sql(&pool, THEIRS).await;
    assert!(is_foreign(&ledger::rebuild::<Tallies>(&pool).await));
}

#[sqlx::test(migrations = false)]
async fn rows_that_are_about_to_be_committed_are_waited_for(pool: PgPool) {
    with_tables(&pool).await;
    let pool = pool_of(&pool, 4).await;
    let mut theirs = pool.begin().await.expect("begins");
    sqlx::query(THEIRS).execute(&mut *theirs).await.expect("inserts");
    let claim = tokio::spawn({
        let pool = pool.clone();
        async move { declare::<Tallies>(&pool).await }
    });
    let waits = "select count(*) from pg_locks where relation = 'tallies'::regclass and not granted";
    eventually("it waits", || async { value::<i64>(&pool, waits).await == 1 }).await;
    theirs.commit().await.expect("commits");
    assert!(is_foreign(&claim.await.expect("ends")));
}

#[sqlx::test(migrations = false)]
async fn of_two_projections_one_has_a_table(pool: PgPool) {
    with_tables(&pool).await;
    declare::<Tallies>(&pool).await.expect("is empty");
    assert!(is_foreign(&declare::<Rivals>(&pool).await));
    assert!(is_foreign(&ledger::rebuild::<Rivals>(&pool).await));
    declare::<Lenient>(&pool).await.expect("is the same projection");
}

/// A dump brings tables and what is noted of them; the numbers of tables are others.
#[sqlx::test(migrations = false)]
async fn after_a_restore_the_tables_are_those_they_were(pool: PgPool) {
    with_tables(&pool).await;
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    sql(
        &pool,
        "update rowcast.projection set home = 'elsewhere', relation = case name
             when 'tallies' then '\"Things\"'::regclass else 'tallies'::regclass
         end",
    )
    .await;
    append_and_project(&pool, "t", &[added(1)]).await.expect("projects");
    assert_eq!(differences::<Tallies>(&pool).await, []);
    assert_eq!(differences::<Things>(&pool).await, []);
    let is_known = "select bool_and(relation = table_name::regclass and home = rowcast.home()) from rowcast.projection";
    assert!(value::<bool>(&pool, is_known).await);
}
