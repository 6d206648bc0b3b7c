//! The command line.

use super::{
    Tallied, append, installed,
    tables::{append_only, named, of, with_tables},
};
use crate::support::{sql, url_of};
use rowcast::ledger::{Follower, Step};
use sqlx::PgPool;
use tokio::process::Command;

/// What a command says, on both streams, and whether it succeeded.
async fn rowcast(pool: &PgPool, arguments: &[&str]) -> (String, bool) {
    let command = Command::new(env!("CARGO_BIN_EXE_rowcast"))
        .args(arguments)
        .env("DATABASE_URL", url_of(pool).await)
        .current_dir(std::env::temp_dir())
        .output()
        .await
        .expect("runs");
    let text = [command.stdout, command.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (text, command.status.success())
}

#[sqlx::test(migrations = false)]
async fn what_happened_is_shown_also_as_it_was(pool: PgPool) {
    installed(&pool).await;
    let run = async |arguments: &[&str]| rowcast(&pool, arguments).await;
    assert_eq!(run(&["ledger", "streams"]).await, ("There is no stream.\n".to_owned(), true));
    append(&pool, "order-1", &[of(3, "bolts"), named("first")]).await;
    append(&pool, "order-1", &[Tallied::Closed]).await;
    append(&pool, "product-2", &[of(1, "nuts")]).await;
    let (list, _) = run(&["ledger", "streams"]).await;
    assert!(list.contains("order-1    3        2") && list.contains("product-2  1"), "{list}");
    assert!(!run(&["ledger", "streams", "order-"]).await.0.contains("product"));
    let (all, _) = run(&["ledger", "show", "order-1"]).await;
    assert_eq!(all.lines().count(), 4, "{all}");
    assert!(all.contains("TallyAdded v3") && all.contains("Ada (7)") && all.contains(r#""of":"bolts""#), "{all}");
    let (some, _) = run(&["ledger", "show", "order-1", "--until", "2"]).await;
    assert!(some.contains("TallyNamed") && !some.contains("TallyClosed"), "{some}");
    let (none, ok) = run(&["ledger", "show", "order-1", "--until", "2001-01-01"]).await;
    assert!(!ok && none.contains("order-1 has no events until then"), "{none}");
    let (error, ok) = run(&["ledger", "show", "order-1", "--until", "soon"]).await;
    assert!(!ok && error.contains("\"soon\" is not a time"), "{error}");
    let (error, ok) = run(&["ledger", "show", "order-9"]).await;
    assert!(!ok && error.contains("order-9 has no events"), "{error}");
}

#[sqlx::test(migrations = false)]
async fn how_far_projections_have_come_is_told_and_a_ledger_that_is_not_whole(pool: PgPool) {
    with_tables(&pool).await;
    let run = async |arguments: &[&str]| rowcast(&pool, arguments).await;
    assert!(run(&["ledger", "projections"]).await.0.contains("No table has been made"));
    append_only(&pool, "a", &[of(1, "bolts"), named("poison")]).await;
    let mut follower = Follower::<super::tables::Tallies>::new(pool.clone());
    assert_eq!(follower.step().await.expect("steps"), Step::Failed);
    let (told, ok) = run(&["ledger", "projections"]).await;
    assert!(ok && told.contains("tallies") && told.contains("failed at event 2 of a: it is poison"), "{told}");
    let (told, ok) = run(&["ledger", "check"]).await;
    assert!(ok && told.contains("every stream is whole"), "{told}");
    sql(&pool, "insert into rowcast.stream values ('ghost', 3)").await;
    let (told, ok) = run(&["ledger", "check"]).await;
    assert!(!ok && told.contains("ghost is at version 3 and has no events"), "{told}");
    for command in ["rebuild", "check"] {
        let (told, ok) = run(&["ledger", command, "nonsense"]).await;
        assert!(!ok && told.contains("there is no projection nonsense"), "{told}");
    }
}
