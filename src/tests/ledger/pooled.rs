//! Behind a pooler that gives each transaction another session: everything works, and nothing is left in sessions.

use super::{
    Tally, added,
    tables::{Tallies, Things, append_and_project, differences, with_tables},
};
use crate::{
    pooler::{LEFT_BEHIND, Pooler, plain},
    support::sql,
};
use rowcast::ledger::{self, Follower, Step, Until};
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn the_ledger_works_behind_a_pooler_and_leaves_no_trace_in_its_sessions(pool: PgPool) {
    let pooler = Pooler::start(&pool).await;
    let (application, own) = (pooler.pool().await, pooler.pool().await);
    let untouched = plain(&application, LEFT_BEHIND).await;
    with_tables(&own).await;
    for n in 0..120 {
        append_and_project(&own, &format!("t-{}", n % 3), &[added(n), added(1)]).await.expect("projects");
        assert_eq!(plain(&application, LEFT_BEHIND).await, untouched, "after {n}");
    }
    let mut transaction = own.begin().await.expect("begins");
    let (tally, version) = ledger::load::<Tally>(&mut transaction, "t-0", &Until::Latest).await.expect("loads");
    transaction.commit().await.expect("commits");
    assert_eq!((tally.sum, version), (2380, 80));
    sql(&own, "update tallies set name = 'wrong'; truncate \"Things\"").await;
    assert_eq!(differences::<Tallies>(&own).await.len(), 3);
    assert_eq!(ledger::rebuild::<Tallies>(&own).await.expect("rebuilds").written, 3);
    assert_eq!(differences::<Tallies>(&own).await, []);
    let mut follower = Follower::<Things>::new(own.clone());
    assert_eq!(follower.step().await.expect("builds"), Step::Advanced);
    assert_eq!(follower.step().await.expect("looks"), Step::UpToDate);
    assert_eq!(differences::<Things>(&own).await, []);
    for _ in 0..10 {
        assert_eq!(plain(&application, LEFT_BEHIND).await, untouched, "in whichever session");
    }
    // The pooler's sessions would keep the test's database.
    application.close().await;
    own.close().await;
}
