//! Where the past ends, and what is said there.

use super::{all_of, asked_by, last, moments, open, present, refusal, rows, told, tracked};
use crate::support::{sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog::{
        self,
        travel::{ReachEnd, TravelError, When},
    },
    hub::{Definition, Principal},
    protocol::{Role, Subscribe},
};
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;

const ITEMS: &str = "create table items (id int primary key, v text)";

/// That a moment is beyond the record, and why.
async fn beyond(pool: &PgPool, definition: &Definition, when: When) -> ReachEnd {
    match refusal(pool, definition, when).await {
        TravelError::Beyond(reach) => reach.end,
        other => panic!("{other}"),
    }
}

/// As if hours had passed since the last call.
async fn hours_pass(pool: &PgPool) {
    sql(pool, "update rowcast.mark set at = at - interval '4 hours'; update rowcast.history set rotated = rotated - interval '4 hours'").await;
    changelog::prune(pool, Duration::from_secs(3 * 3600)).await.expect("prunes");
}

#[sqlx::test(migrations = false)]
async fn before_it_was_tracked_nothing_is_known_of_a_table(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    crate::support::see_all(&pool).await;
    sql(&pool, ITEMS).await;
    sql(&pool, "insert into items values (1, 'early')").await;
    let early: i64 = value(&pool, "select (extract(epoch from clock_timestamp()) * 1000000)::bigint").await;
    capture::track(&pool, "items", Trust::Checked).await.expect("tracks");
    sql(&pool, "insert into items values (2, 'late')").await;
    let items = all_of(&pool, "items").await;
    assert_eq!(beyond(&pool, &items, When::Time(early)).await, ReachEnd::Tracking);
    let reach = open(&pool, &items).await.reach().clone();
    assert!(reach.at.is_some_and(|at| at > early));
    let first = rows(&pool, &items, When::Time(reach.at.expect("a time"))).await;
    assert_eq!(first.into_iter().collect::<Vec<_>>(), [r#"{"id":1,"v":"early"}"#]);

    // Tracked anew, it is another table.
    capture::untrack(&pool, "items").await.expect("untracks");
    let gap = last(&pool).await;
    sql(&pool, "update items set v = 'unseen' where id = 1").await;
    capture::track(&pool, "items", Trust::Checked).await.expect("tracks");
    let items = all_of(&pool, "items").await;
    assert_eq!(beyond(&pool, &items, gap).await, ReachEnd::Tracking);
}

#[sqlx::test(migrations = false)]
async fn what_is_pruned_is_beyond_the_record_and_what_is_kept_is_exact(pool: PgPool) {
    tracked(&pool, ITEMS, "items").await;
    sql(&pool, "insert into items values (1, 'a'), (2, 'b')").await;
    let first = last(&pool).await;
    let mut noted = Vec::new();
    let mut open_since = pool.begin().await.expect("begins");
    sqlx::query("update items set v = 'open' where id = 2").execute(&mut *open_since).await.expect("writes");
    for n in 0..6 {
        sql(&pool, &format!("update items set v = 'n{n}' where id = 1")).await;
        noted.push((last(&pool).await, present(&pool, "items").await));
        hours_pass(&pool).await;
    }
    open_since.commit().await.expect("commits");
    let items = all_of(&pool, "items").await;
    for pruned in [first, noted[0].0] {
        // As many hours ago as have passed.
        let When::Moment { seq, at } = pruned else { unreachable!() };
        let ago = When::Moment { seq, at: at - 24 * 3_600 * 1_000_000 };
        assert_eq!(beyond(&pool, &items, ago).await, ReachEnd::Retention);
    }
    // The horizon itself: what was pruned had happened, and nothing else.
    let mut travel = open(&pool, &items).await;
    let reach = travel.reach().at.expect("a time");
    let then = super::texts(&travel.state(When::Time(reach), 10).await.expect("is known"));
    drop(travel);
    assert!(noted[1..].iter().any(|(_, rows)| *rows == then), "{then:?}");
    let kept = moments(&pool, &items).await;
    assert!(!kept.is_empty() && kept.iter().any(|moment| told(moment)[0].contains("open")), "{kept:?}");
    assert_eq!(rows(&pool, &items, kept.last().expect("some").when()).await, present(&pool, "items").await);
}

#[sqlx::test(migrations = false)]
async fn what_was_there_before_a_truncate_cannot_be_said(pool: PgPool) {
    tracked(&pool, ITEMS, "items").await;
    sql(&pool, "insert into items values (1, 'a')").await;
    let before = last(&pool).await;
    sql(&pool, "begin; insert into items values (2, 'b'); truncate items; insert into items values (3, 'c'); commit")
        .await;
    let emptied = last(&pool).await;
    sql(&pool, "update items set v = 'd'").await;
    let items = all_of(&pool, "items").await;
    assert_eq!(beyond(&pool, &items, before).await, ReachEnd::Bulk);
    let then: Vec<_> = rows(&pool, &items, emptied).await.into_iter().collect();
    assert_eq!(then, [r#"{"id":3,"v":"c"}"#]);
    let told: Vec<_> = moments(&pool, &items).await.iter().map(told).collect();
    assert_eq!(told, [["{id:3,v:c} → {id:3,v:d}"]]);
}

#[sqlx::test(migrations = false)]
async fn columns_are_as_they_were_and_those_of_the_same_name_are_not_the_same(pool: PgPool) {
    tracked(&pool, ITEMS, "items").await;
    sql(&pool, "alter table items add column secret text").await;
    sql(&pool, "insert into items values (1, 'a', 'told to nobody any more')").await;
    let one = last(&pool).await;
    sql(&pool, "alter table items drop column secret").await;
    sql(&pool, "update items set v = 'b'").await;
    let two = last(&pool).await;
    sql(&pool, "alter table items add column secret text not null default 'new'").await;
    sql(&pool, "update items set v = 'c', secret = 'newer'").await;
    let items = all_of(&pool, "items").await;
    for (when, then) in [
        (one, r#"{"id":1,"v":"a","secret":null}"#),
        (two, r#"{"id":1,"v":"b","secret":null}"#),
        (When::Now, r#"{"id":1,"v":"c","secret":"newer"}"#),
    ] {
        let mut travel = open(&pool, &items).await;
        let state = travel.state(when, 10).await.expect("is known");
        assert_eq!(state.rows[0].get(), then);
        assert_eq!(state.missing.is_empty(), when == When::Now, "{:?}", state.missing);
    }
    let all = moments(&pool, &items).await;
    assert!(all.iter().flat_map(told).all(|text| !text.contains("told to nobody")), "{all:?}");
    // Rights and other names end nothing; another key does.
    rowcast::rights::revoke_all(&pool, Role::Anonymous).await.expect("revokes");
    sql(&pool, "alter table items rename to things").await;
    let things = all_of(&pool, "things").await;
    assert_eq!(rows(&pool, &things, one).await.len(), 1);
    sql(&pool, "alter table things drop constraint items_pkey; alter table things add primary key (id, v)").await;
    assert_eq!(beyond(&pool, &all_of(&pool, "things").await, one).await, ReachEnd::Key);
}

#[sqlx::test(migrations = false)]
async fn rows_from_before_a_column_that_decides_about_them_are_beyond_the_record(pool: PgPool) {
    tracked(&pool, ITEMS, "items").await;
    sql(&pool, "insert into items values (1, 'a')").await;
    let one = last(&pool).await;
    sql(&pool, "alter table items add column owner int").await;
    sql(&pool, "update items set owner = 7").await;
    let question = Subscribe {
        filter: Some("owner is distinct from $1".to_owned()),
        params: vec![json!(8)],
        ..Subscribe::from("items")
    };
    let asked = asked_by(&pool, &Principal::nobody(Role::Admin), question).await;
    assert_eq!(beyond(&pool, &asked, one).await, ReachEnd::Column("owner".to_owned()));
    assert_eq!(rows(&pool, &asked, last(&pool).await).await.len(), 1);
}

#[sqlx::test(migrations = false)]
async fn more_than_is_shown_at_once_is_refused_and_the_server_lives(pool: PgPool) {
    tracked(&pool, ITEMS, "items").await;
    sql(&pool, "insert into items select g, 'a' from generate_series(1, 5000) g").await;
    sql(&pool, "update items set v = 'b'").await;
    let items = all_of(&pool, "items").await;
    let mut travel = open(&pool, &items).await;
    let refused = travel.state(last(&pool).await, 4_999).await.expect_err("is too much");
    assert!(matches!(refused, TravelError::TooMuch(_)), "{refused}");
    drop(travel);
    let all = moments(&pool, &items).await;
    let counts: Vec<_> = all.iter().map(|moment| moment.differences.len() + moment.further).collect();
    assert_eq!(counts, [5_000, 5_000]);
    assert!(all.iter().all(|moment| moment.differences.len() == 200 && !moment.partial));
}

#[sqlx::test(migrations = false)]
async fn after_a_pause_the_past_begins_anew_and_a_table_that_was_altered_must_be_asked_again(pool: PgPool) {
    tracked(&pool, ITEMS, "items").await;
    sql(&pool, "insert into items values (1, 'a')").await;
    let before = last(&pool).await;
    let items = all_of(&pool, "items").await;
    sql(&pool, "alter table items add column n int").await;
    let Err(error) = changelog::travel::Travel::open(&pool, &items).await else { panic!("opens") };
    assert!(matches!(error, TravelError::Altered), "{error}");

    sql(&pool, "select setval('rowcast.change_seq', last_value | 4611686018427387904) from rowcast.change_seq").await;
    sql(&pool, "update items set v = 'unnoticed'").await;
    changelog::begin(&pool, Duration::from_secs(3600).into()).await.expect("begins");
    let items = all_of(&pool, "items").await;
    assert!(matches!(refusal(&pool, &items, before).await, TravelError::Beyond(_)));
    sql(&pool, "update items set v = 'noticed'").await;
    assert_eq!(rows(&pool, &items, last(&pool).await).await, present(&pool, "items").await);
}
