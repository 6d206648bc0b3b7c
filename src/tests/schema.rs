//! What the engine's own schema says of tables that are altered, and that nobody who alters one notices.
//!
//! Both ways to learn of it are told: event triggers, in the transaction that alters, and looking from time to time.

use crate::support::{pool_of, sql, value, with_items};
use rowcast::{
    capture::{self, Trust},
    changelog,
};
use sqlx::PgPool;

/// A statement, and what `rowcast.tracked` says of `items` after it.
const ALTERATIONS: [(&str, &str); 9] = [
    ("alter table items add column n int default 5", "public.items (id): id integer, name text, n integer"),
    ("alter table items drop column n", "public.items (id): id integer, name text"),
    ("alter table items rename column name to title", "public.items (id): id integer, title text"),
    ("alter table items alter id type bigint", "public.items (id): id bigint, title text"),
    ("alter table items rename to \"Täble\"", "public.Täble (id): id bigint, title text"),
    ("create schema other; alter table \"Täble\" set schema other", "other.Täble (id): id bigint, title text"),
    ("alter schema other rename to \"an Other\"", "an Other.Täble (id): id bigint, title text"),
    ("alter table \"an Other\".\"Täble\" drop constraint items_pkey", "an Other.Täble (): id bigint, title text"),
    (
        "alter table \"an Other\".\"Täble\" add primary key (title, id)",
        "an Other.Täble (title,id): id bigint, title text",
    ),
];

async fn shape(pool: &PgPool) -> String {
    value(
        pool,
        "select format('%s.%s (%s): %s', schema_name, table_name, array_to_string(key, ','),
            (select string_agg(format('%s %s', c ->> 'name', c ->> 'type'), ', ') from jsonb_array_elements(columns) c))
         from rowcast.tracked",
    )
    .await
}

async fn since(pool: &PgPool) -> i64 {
    value(pool, "select since::text::bigint from rowcast.tracked").await
}

/// How many changes in bulk the changelog holds.
async fn reloads(pool: &PgPool) -> i64 {
    value(pool, "select count(*) from rowcast.change where op = 'R'").await
}

/// As it is where nobody may make event triggers.
async fn unwatched(pool: &PgPool) {
    sql(
        pool,
        "drop event trigger rowcast_ddl; drop event trigger rowcast_drop; drop event trigger rowcast_rewrite;
         select rowcast.refresh_tracked()",
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn an_altered_table_is_known_when_the_alteration_commits(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1, 'a')").await;
    let mut before = since(&pool).await;
    for (statement, expected) in ALTERATIONS {
        sql(&pool, statement).await;
        assert_eq!(shape(&pool).await, expected, "{statement}");
        let after = since(&pool).await;
        assert!(after > before, "{statement}");
        before = after;
    }
    assert!(!changelog::refresh(&pool).await.expect("looks"), "there is nothing left to be found");
}

#[sqlx::test(migrations = false)]
async fn an_altered_table_is_found_where_event_triggers_are_not_allowed(pool: PgPool) {
    with_items(&pool).await;
    unwatched(&pool).await;
    sql(&pool, "insert into items values (1, 'a')").await;
    for (statement, expected) in ALTERATIONS {
        sql(&pool, statement).await;
        assert!(changelog::refresh(&pool).await.expect("looks"), "{statement}");
        assert_eq!(shape(&pool).await, expected, "{statement}");
        assert!(!changelog::refresh(&pool).await.expect("looks again"), "{statement}");
    }
}

#[sqlx::test(migrations = false)]
async fn looking_at_an_unchanged_schema_writes_nothing(pool: PgPool) {
    with_items(&pool).await;
    unwatched(&pool).await;
    let one = pool_of(&pool, 1).await;
    let before: i64 = value(&one, "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").await;
    changelog::refresh(&one).await.expect("looks");
    assert_eq!(value::<i64>(&one, "select count(*) from rowcast.tracked").await, 1);
    let own: Option<i64> = value(
        &one,
        "select case when rowcast.refresh_tracked() = 0 then pg_current_xact_id_if_assigned()::text::bigint end",
    )
    .await;
    assert_eq!(own, None, "after {before}");
}

#[sqlx::test(migrations = false)]
async fn types_that_columns_are_made_of_are_followed(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    sql(
        &pool,
        "create type mood as enum ('a'); create domain moody as mood; create type pair as (a int, b moody[]);
         create table t (id int primary key, m mood[], p pair)",
    )
    .await;
    capture::track(&pool, "t", Trust::Checked).await.expect("tracks");
    let columns = async || value::<String>(&pool, "select columns::text from rowcast.tracked").await;
    for (statement, part) in [
        ("alter type mood add value 'zz'", "\"zz\""),
        ("alter type mood rename value 'zz' to 'yy'", "\"yy\""),
        ("alter type pair add attribute late text", "\"late\""),
        ("alter type pair rename attribute late to later", "\"later\""),
        ("alter domain moody rename to moodier", "\"moodier[]\""),
        ("alter type mood rename to moods", "\"moods[]\""),
    ] {
        let before = since(&pool).await;
        sql(&pool, statement).await;
        let now = columns().await.replace("public.", "");
        assert!(now.contains(part) && since(&pool).await > before, "{statement}: {now}");
    }
}

#[sqlx::test(migrations = false)]
async fn values_that_change_without_their_type_are_read_anew(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1, 'a'); alter table items alter name type text using name || '!'").await;
    assert_eq!(reloads(&pool).await, 1);
    unwatched(&pool).await;
    sql(&pool, "alter table items alter name type text using name || '!'").await;
    changelog::refresh(&pool).await.expect("looks");
    assert_eq!(reloads(&pool).await, 2);
}

#[sqlx::test(migrations = false)]
async fn writers_and_their_schema_changes_share_a_transaction(pool: PgPool) {
    with_items(&pool).await;
    sql(
        &pool,
        "begin; insert into items values (1, 'a'); alter table items add column n int; insert into items values (2, 'b', 3);
         alter table items drop column name; update items set n = 4; alter table items rename to things;
         insert into things values (3, 3); commit",
    )
    .await;
    let images: Vec<Option<String>> =
        sqlx::query_scalar("select new from rowcast.change where table_id <> 0 order by seq")
            .fetch_all(&pool)
            .await
            .expect("reads");
    let images: Vec<&str> = images.iter().flatten().map(String::as_str).collect();
    assert_eq!(
        images,
        [
            r#"{"id":1,"name":"a"}"#,
            r#"{"id":2,"name":"b","n":3}"#,
            r#"{"id":1,"n":4}"#,
            r#"{"id":2,"n":4}"#,
            r#"{"id":3,"n":3}"#
        ]
    );
    sql(&pool, "begin; alter table things rename to items; alter table items add column x int; rollback").await;
    assert_eq!(shape(&pool).await, "public.things (id): id integer, n integer");
}

#[sqlx::test(migrations = false)]
async fn a_dropped_table_is_forgotten_and_its_name_is_free(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "drop table items; create table items (id int primary key); insert into items values (1)").await;
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.tracked").await, 0);
    assert!(matches!(capture::track(&pool, "items", Trust::Checked).await, Ok(capture::Tracked::Now { .. })));
    unwatched(&pool).await;
    sql(&pool, "create schema gone; alter table items set schema gone; drop schema gone cascade").await;
    assert!(changelog::refresh(&pool).await.expect("looks"));
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.tracked").await, 0);
}

#[sqlx::test(migrations = false)]
async fn names_can_be_swapped(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table b (id int primary key)").await;
    capture::track(&pool, "b", Trust::Checked).await.expect("tracks");
    let names = "select string_agg(table_name, ',' order by id) from rowcast.tracked";
    let swap = "begin; alter table items rename to x; alter table b rename to items; alter table x rename to b; commit";
    sql(&pool, swap).await;
    assert_eq!(value::<String>(&pool, names).await, "b,items");
    unwatched(&pool).await;
    sql(&pool, swap).await;
    changelog::refresh(&pool).await.expect("looks");
    assert_eq!(value::<String>(&pool, names).await, "items,b");
}

/// `pg_dump --disable-triggers` and many a migration do this.
#[sqlx::test(migrations = false)]
async fn switching_triggers_off_to_load_data_loses_nothing(pool: PgPool) {
    with_items(&pool).await;
    sql(
        &pool,
        "alter table items disable trigger all; insert into items values (1, 'a'); alter table items enable trigger all;
         set session_replication_role = replica; insert into items values (2, 'b'); reset session_replication_role",
    )
    .await;
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.change where op = 'I' and table_id <> 0").await, 2);
    unwatched(&pool).await;
    sql(&pool, "alter table items disable trigger all; insert into items values (3, 'c')").await;
    let before = reloads(&pool).await;
    changelog::refresh(&pool).await.expect("looks");
    assert_eq!(reloads(&pool).await, before + 1);
    sql(&pool, "insert into items values (4, 'd')").await;
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.change where op = 'I' and table_id <> 0").await, 3);
}

#[sqlx::test(migrations = false)]
async fn a_table_without_its_trigger_is_no_longer_tracked_and_can_be_again(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "drop trigger \"00_rowcast_capture\" on items").await;
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.tracked").await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from pg_trigger where tgrelid = 'items'::regclass").await, 0);
    assert!(matches!(capture::track(&pool, "items", Trust::Checked).await, Ok(capture::Tracked::Now { .. })));
}

#[sqlx::test(migrations = false)]
async fn schema_changes_succeed_whatever_state_the_engines_schema_is_in(pool: PgPool) {
    with_items(&pool).await;
    let one = pool_of(&pool, 1).await;
    // Somebody holds the list of tracked tables.
    let mut other = pool.begin().await.expect("begins");
    sqlx::query("lock table rowcast.tracked in access exclusive mode").execute(&mut *other).await.expect("locks");
    sql(&one, "alter table items add column n int; insert into items values (1, 'a', 1)").await;
    other.commit().await.expect("commits");
    assert!(changelog::refresh(&pool).await.expect("looks"));
    assert_eq!(shape(&pool).await, "public.items (id): id integer, name text, n integer");
    // Parts of it are broken.
    sql(&one, "alter table rowcast.tracked rename column columns to gone").await;
    sql(&one, "alter table items drop column n; insert into items values (2, 'b'); create temporary table z (id int); drop table z").await;
    sql(&one, "drop schema rowcast cascade; insert into items values (3, 'c'); alter table items add column m int")
        .await;
    assert_eq!(value::<i64>(&pool, "select count(*) from items").await, 3);
    assert_eq!(value::<i64>(&pool, "select count(*) from pg_trigger where tgrelid = 'items'::regclass").await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from pg_event_trigger").await, 0);
}

#[sqlx::test(migrations = false)]
async fn those_without_any_right_of_ours_alter_their_tables(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let role = format!("alterer_{}", value::<i32>(&pool, "select pg_backend_pid()").await);
    sql(&pool, &format!("create role {role}; create schema own authorization {role}")).await;
    let owner = pool_of(&pool, 1).await;
    sql(&owner, &format!("set role {role}; set search_path = own; create table t (id int primary key)")).await;
    capture::track(&pool, "own.t", Trust::Given).await.expect("tracks");
    // A table and functions of theirs that look like ours.
    sql(
        &owner,
        "create table tracked (id int); create function format(text, variadic text[]) returns text language sql as 'select ''no''';
         set search_path = own, pg_catalog; alter table t add column n int; insert into t values (1, 2); drop table tracked",
    )
    .await;
    assert_eq!(shape(&pool).await, "own.t (id): id integer, n integer");
    owner.close().await;
    sql(&pool, &format!("drop owned by {role} cascade; drop role {role}")).await;
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.tracked").await, 0);
}

/// A dump that is restored gives its tables other numbers.
#[sqlx::test(migrations = false)]
async fn a_table_is_known_by_its_trigger_if_its_number_is_another(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table other (id int primary key); update rowcast.tracked set relid = 'other'::regclass").await;
    assert!(changelog::refresh(&pool).await.expect("looks"));
    assert!(value::<bool>(&pool, "select relid = 'items'::regclass from rowcast.tracked").await);
}
