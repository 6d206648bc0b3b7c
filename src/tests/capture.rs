//! Any table, any writer: what is written is what arrives, and no writer is ever the worse for it.

use crate::support::{Client, Server, pool_of, sql, value, with_items};
use rowcast::{
    capture::{self, Trust},
    changelog,
    store::Phase,
};
use sqlx::PgPool;

/// Compares what a client shows with what a new one reads from the table.
async fn same_as_a_snapshot(client: &Client, id: u64, server: &Server, table: &str, key: &[&str]) {
    let mut fresh = Client::connected(server).await;
    let again = fresh.subscribe(table, key).await;
    fresh.until_live().await;
    assert_eq!(client.rows(id), fresh.rows(again));
}

const EVERYTHING: &str = r#"
create type mood as enum ('happy', 'sad "quoted"');
create domain positive as int check (value > 0);
create schema "Ünï ""q""";
create table "Ünï ""q"""."Täble 🦀" (
    "Key 1" text not null, k2 uuid not null, "col ""q"", 'a'" text, num numeric, f8 float8, f4 float4, i8 int8, b bytea,
    ts timestamptz, t timestamp, d date, iv interval, arr int[], texts text[], r int4range, tr tstzrange, j json, jb jsonb,
    m mood, p positive, cls regclass, nothing text, twice int generated always as (2 * p) stored,
    primary key ("Key 1", k2))"#;

fn everything(key: &str) -> String {
    format!(
        r#"insert into "Ünï ""q"""."Täble 🦀" values ('{key}', '00000000-0000-0000-0000-000000000001', E'a\tb"c\\<script>\u2028',
        123456789012345678901234567890.123456789, 'NaN', 'infinity', 9223372036854775807, '\x00ff',
        '2026-01-02 03:04:05.678901+09', 'infinity', '0044-03-15 BC', '1 year -2 days 03:04:05', '{{1,null,3}}', array['a,b', null, '"'],
        '[1,5)', '["2026-01-01 00:00+05",)', '{{"a" : 1.50, "a":"\u0041\"","deep":[[{{}}]]}}', '{{"b":1e2}}', 'sad "quoted"', 7, 'public.items')"#
    )
}

const NAME: &str = "Ünï \"q\".Täble 🦀";

#[sqlx::test(migrations = false)]
async fn every_type_and_name_reads_the_same_from_a_change_and_from_a_snapshot(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, EVERYTHING).await;
    capture::track(&pool, r#""Ünï ""q"""."Täble 🦀""#, Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let key = ["Key 1", "k2"];
    let mut client = Client::connected(&server).await;
    let id = client.subscribe(NAME, &key).await;
    client.until_live().await;
    let odd = pool_of(&pool, 1).await;
    sql(&odd, "set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape'; set extra_float_digits = -5; set search_path = '\"Ünï \"\"q\"\"\"'").await;
    sql(&odd, &everything("from an odd session")).await;
    sql(&pool, &everything("O''Brien \"<b>\" 🦀")).await;
    client.until("both arrive", |client| client.rows(id).len() == 2).await;
    let texts: Vec<String> = client.rows(id).into_values().collect();
    for text in &texts {
        for part in [
            "123456789012345678901234567890.123456789",
            "9223372036854775807",
            r#""NaN""#,
            r#""Infinity""#,
            "2026-01-01T18:04:05.678901+00:00",
            "1.50",
            r#""twice":14"#,
            "\"nothing\":null",
            "public.items",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    same_as_a_snapshot(&client, id, &server, NAME, &key).await;
    sql(&odd, r#"update "Ünï ""q"""."Täble 🦀" set "Key 1" = "Key 1" || '''', f4 = 0.1, f8 = 1e-300"#).await;
    sql(&odd, r#"update "Ünï ""q"""."Täble 🦀" set nothing = 'x'"#).await;
    client
        .until("keys change", |client| {
            client.rows(id).len() == 2 && client.rows(id).values().all(|row| row.contains(r#""nothing":"x""#))
        })
        .await;
    same_as_a_snapshot(&client, id, &server, NAME, &key).await;
    sql(&odd, r#"delete from "Ünï ""q"""."Täble 🦀""#).await;
    client.until("all are gone", |client| client.rows(id).is_empty()).await;
}

/// What this version of Postgres may lack: a type, and a value of it.
const PERHAPS: [(&str, &str); 2] = [("xml", "<a b=\"1\">ä</a>"), ("nummultirange", "{[1.50,2),(3,)}")];

#[sqlx::test(migrations = false)]
async fn every_built_in_type_reads_the_same_from_a_change_and_from_a_snapshot(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, include_str!("builtins.sql")).await;
    let mut row = include_str!("builtins_row.sql").trim_end().to_owned();
    for (number, (kind, text)) in PERHAPS.iter().enumerate() {
        let reads = format!("select '{text}'::{kind}");
        let there = sqlx::raw_sql(sqlx::AssertSqlSafe(reads)).execute(&pool).await.is_ok();
        sql(&pool, &format!("alter table builtins add column perhaps_{number} {}", if there { kind } else { "text" }))
            .await;
        row.push_str(&format!(", '{text}'"));
    }
    capture::track(&pool, "builtins", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let id = client.subscribe("builtins", &["id"]).await;
    client.until_live().await;
    let odd = pool_of(&pool, 1).await;
    sql(&odd, "set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape'; set extra_float_digits = -5; set xmloption = 'document'; set search_path = ''").await;
    for (pool, key) in [(&pool, 1), (&odd, 2)] {
        sql(pool, &format!("insert into public.builtins values ({key}, {row})")).await;
    }
    client.until("both arrive", |client| client.rows(id).len() == 2).await;
    same_as_a_snapshot(&client, id, &server, "builtins", &["id"]).await;
    let texts: Vec<String> = client.rows(id).into_values().collect();
    assert_eq!(texts[0].replace("\"id\":1,", ""), texts[1].replace("\"id\":2,", ""), "whoever has written it");
}

/// Virtual generated columns are of 18.
async fn has_virtual_columns(pool: &PgPool) -> bool {
    value(pool, "select current_setting('server_version_num')::int >= 180000").await
}

#[sqlx::test(migrations = false)]
async fn a_virtual_column_is_refused_and_one_that_comes_later_makes_the_table_unreadable(pool: PgPool) {
    with_items(&pool).await;
    if !has_virtual_columns(&pool).await {
        return;
    }
    sql(&pool, "create table v (id int primary key, n int, twice int generated always as (2 * n) virtual)").await;
    let error = capture::track(&pool, "v", Trust::Checked).await.expect_err("refuses").to_string();
    assert!(error.contains("stored"), "{error}");
    sql(&pool, "insert into items values (1, 'a')").await;
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    sql(&pool, "alter table items add column long text generated always as (name || '!')").await;
    sql(&pool, "update items set name = 'b'").await;
    client.until("it is refused", |client| matches!(client.view(items).phase, Some(Phase::Failed { .. }))).await;
    let refusal = client.heard.iter().find(|frame| frame.contains("unreadable_table")).expect("is told why");
    assert!(refusal.contains("long") && refusal.contains("stored"), "{refusal}");
    sql(&pool, "alter table items drop column long; alter table items add column long text generated always as (name || '!') stored")
        .await;
    let mut fresh = Client::connected(&server).await;
    let again = loop {
        // The server learns of it a moment after.
        let again = fresh.subscribe("items", &["id"]).await;
        fresh.until("an answer", |client| client.view(again).phase.is_some()).await;
        if !matches!(fresh.view(again).phase, Some(Phase::Failed { .. })) {
            break again;
        }
        fresh.unsubscribe(again).await;
    };
    sql(&pool, "update items set name = 'c'").await;
    fresh.until("it is live", |client| client.row(again, "1").is_some_and(|row| row.contains("c!"))).await;
}

#[sqlx::test(migrations = false)]
async fn every_way_to_write_is_captured(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table parts (id int primary key, item int references items on delete cascade on update cascade, n int not null default 0)").await;
    // A trigger of the table's own that writes the same row again.
    sql(
        &pool,
        "create function again() returns trigger language plpgsql as $$ begin
        if new.n < 3 then update parts set n = new.n + 1 where id = new.id; end if; return null; end $$;
        create trigger a_again after insert or update on parts for each row execute function again()",
    )
    .await;
    capture::track(&pool, "parts", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let (items, parts) = (client.subscribe("items", &["id"]).await, client.subscribe("parts", &["id"]).await);
    client.until_live().await;
    sql(&pool, "insert into items select g, 'x' from generate_series(1, 500) g").await;
    sql(&pool, "insert into items values (1, 'y'), (501, 'z') on conflict (id) do update set name = excluded.name")
        .await;
    sql(&pool, "insert into parts values (1, 1), (2, 2)").await;
    sql(&pool, "update items set id = -1 where id = 1; delete from items where id = 2").await;
    sql(
        &pool,
        "begin; set local session_replication_role = replica; insert into items values (600, 'replica'); commit",
    )
    .await;
    let mut connection = pool.acquire().await.expect("connects");
    let mut copy = connection.copy_in_raw("copy items from stdin").await.expect("copies");
    copy.send("700\tcopied\n701\tcopied\n".as_bytes()).await.expect("copies");
    copy.finish().await.expect("copies");
    client.until("all of it", |client| client.rows(items).len() == 503 && client.rows(parts).len() == 1).await;
    assert!(client.row(parts, "1").expect("stays").contains(r#""item":-1,"n":3"#));
    same_as_a_snapshot(&client, items, &server, "items", &["id"]).await;
    same_as_a_snapshot(&client, parts, &server, "parts", &["id"]).await;
    sql(&pool, "truncate items cascade; insert into items values (1, 'anew')").await;
    client.until("only the new one", |client| client.rows(items).len() == 1 && client.rows(parts).is_empty()).await;
}

#[sqlx::test(migrations = false)]
async fn keys_that_are_swapped_in_one_statement_arrive_swapped(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table swaps (id int, n int, primary key (id) deferrable initially immediate); insert into swaps values (1, 10), (2, 20)").await;
    capture::track(&pool, "swaps", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let id = client.subscribe("swaps", &["id"]).await;
    client.until_live().await;
    sql(&pool, "update swaps set id = 3 - id").await;
    client.until("it is swapped", |client| client.row(id, "1").is_some_and(|row| row.contains("20"))).await;
    same_as_a_snapshot(&client, id, &server, "swaps", &["id"]).await;
}

#[sqlx::test(migrations = false)]
async fn a_merge_into_a_table_of_two_hundred_columns_is_captured(pool: PgPool) {
    with_items(&pool).await;
    let columns: Vec<String> = (0..199).map(|number| format!("c{number} text default '{number}'")).collect();
    sql(&pool, &format!("create table wide (id int primary key, {})", columns.join(", "))).await;
    capture::track(&pool, "wide", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let id = client.subscribe("wide", &["id"]).await;
    client.until_live().await;
    sql(&pool, "insert into wide values (1, 'old'), (2, 'gone')").await;
    // Older versions do not know the statement.
    if value::<bool>(&pool, "select current_setting('server_version_num')::int >= 150000").await {
        sql(
            &pool,
            "merge into wide w using (values (1), (2), (3)) v (id) on w.id = v.id when matched and w.id = 2 then delete
             when matched then update set c0 = 'new', c198 = null when not matched then insert (id) values (v.id)",
        )
        .await;
        client.until("all of it", |client| client.rows(id).len() == 2 && client.row(id, "3").is_some()).await;
        assert!(client.row(id, "1").expect("stays").contains(r#""c0":"new""#));
    }
    same_as_a_snapshot(&client, id, &server, "wide", &["id"]).await;
}

#[sqlx::test(migrations = false)]
async fn a_row_of_ten_megabytes_arrives_and_holds_up_nobody(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table small (id int primary key, n int)").await;
    capture::track(&pool, "small", Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    let mut other = Client::connected(&server).await;
    let small = other.subscribe("small", &["id"]).await;
    other.until_live().await;
    sql(&pool, "insert into items values (1, repeat('0123456789', 1048576))").await;
    sql(&pool, "insert into small values (1, 1)").await;
    other.until("the small one", |client| client.row(small, "1").is_some()).await;
    client.until("the large one", |client| client.row(items, "1").is_some_and(|row| row.len() > 10_000_000)).await;
    sql(&pool, "update items set name = 'small again'").await;
    client.until("the small one", |client| client.row(items, "1").is_some_and(|row| row.len() < 100)).await;
}

#[sqlx::test(migrations = false)]
async fn a_writer_needs_no_rights_of_ours(pool: PgPool) {
    with_items(&pool).await;
    let role = format!("writer_{}", value::<i32>(&pool, "select pg_backend_pid()").await);
    sql(&pool, &format!("create role {role}; grant select, insert, update, delete on items to {role}")).await;
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    let writer = pool_of(&pool, 1).await;
    sql(&writer, &format!("set role {role}")).await;
    assert!(sqlx::query("select 1 from rowcast.change").execute(&writer).await.is_err());
    sql(&writer, "insert into items values (1, 'mine'); update items set name = 'still mine'").await;
    client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains("still"))).await;
    writer.close().await;
    sql(&pool, &format!("drop owned by {role}; drop role {role}")).await;
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_tracked_is_refused_with_what_to_do(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create view v as select * from items; create materialized view mv as select * from items;
        create table no_key (a int); create table priced (id int primary key, price money);
        create domain price as money; create type offer as (name text, prices price[]); create domain offers as offer[];
        create table offered (id int primary key, o offers);
        create table parted (id int primary key) partition by range (id); create unlogged table parted_0 partition of parted default;
        create unlogged table un (id int primary key); create table parent (id int primary key); create table child () inherits (parent)").await;
    for (name, part) in [
        ("v", "track the tables that it reads"),
        ("mv", "track the tables that it reads"),
        ("no_key", "alter table public.no_key add column"),
        ("parted", "foreign or unlogged"),
        ("priced", "type numeric"),
        ("offered", "type numeric"),
        ("un", "set logged"),
        ("parent", "its children"),
        ("nothing_there", "Names are as in SQL"),
        ("a.b.c.d", "Names are as in SQL"),
        ("'; drop table items; --", "Names are as in SQL"),
        ("", "Names are as in SQL"),
        ("rowcast.change", "a system table"),
        ("pg_catalog.pg_class", "a system table"),
        ("items_pkey", "not a table"),
    ] {
        let error = capture::track(&pool, name, Trust::Checked).await.expect_err(name).to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
    let one = pool_of(&pool, 1).await;
    sql(&one, "create temporary table gone (id int primary key)").await;
    assert!(
        capture::track(&one, "gone", Trust::Checked).await.expect_err("temporary").to_string().contains("temporary")
    );
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.tracked").await, 1);
    assert_eq!(
        value::<i64>(
            &pool,
            "select count(*) from pg_trigger where tgname like '00_rowcast%' and tgrelid <> 'rowcast.tracked'::regclass"
        )
        .await,
        2
    );
}

#[sqlx::test(migrations = false)]
async fn tables_are_tracked_and_untracked_while_the_server_runs(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let server = Server::start(&pool).await;
    sql(&pool, "create table later (id int primary key); insert into later values (1)").await;
    capture::track(&pool, "later", Trust::Checked).await.expect("tracks");
    assert!(matches!(capture::track(&pool, "later", Trust::Checked).await, Ok(capture::Tracked::Already { .. })));
    let mut client = Client::connected(&server).await;
    let mut id = client.subscribe("later", &["id"]).await;
    // The server learns of it in commit order, a moment after.
    loop {
        client.until("an answer", |client| client.view(id).phase.is_some()).await;
        if !matches!(client.view(id).phase, Some(Phase::Failed { .. })) {
            break;
        }
        client.unsubscribe(id).await;
        id = client.subscribe("later", &["id"]).await;
    }
    client.until_live().await;
    sql(&pool, "insert into later values (2)").await;
    client.until("it is live", |client| client.rows(id).len() == 2).await;
    capture::untrack(&pool, "later").await.expect("untracks");
    client.until("it is told", |client| client.heard.iter().any(|frame| frame.contains("table_untracked"))).await;
    assert_eq!(value::<i64>(&pool, "select count(*) from pg_trigger where tgrelid = 'later'::regclass").await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.change where table_id <> 0").await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.tracked").await, 0);
    sql(&pool, "insert into later values (3)").await;
    assert!(capture::untrack(&pool, "later").await.is_err());
}

#[sqlx::test(migrations = false)]
async fn a_renamed_table_keeps_being_tracked_under_its_new_name(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "alter table items rename to things").await;
    let listed = capture::list(&pool).await.expect("lists");
    assert_eq!((listed[0].table.as_str(), listed[0].exists), ("public.things", true));
    assert!(matches!(capture::track(&pool, "things", Trust::Checked).await, Ok(capture::Tracked::Already { .. })));
    assert!(capture::untrack(&pool, "items").await.is_err());
    capture::untrack(&pool, "things").await.expect("untracks");
    let left =
        "select count(*) from pg_trigger where tgname like '00_rowcast%' and tgrelid <> 'rowcast.tracked'::regclass";
    assert_eq!(value::<i64>(&pool, left).await, 0);
}

#[sqlx::test(migrations = false)]
async fn a_table_that_was_renamed_unnoticed_can_be_untracked_by_either_name(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    sql(&pool, "drop event trigger rowcast_ddl; drop event trigger rowcast_drop; drop event trigger rowcast_rewrite")
        .await;
    for (before, after, by) in [("a", "b", "b"), ("c", "d", "c")] {
        sql(&pool, &format!("create table {before} (id integer primary key)")).await;
        capture::track(&pool, before, Trust::Checked).await.expect("tracks");
        sql(&pool, &format!("alter table {before} rename to {after}")).await;
        capture::untrack(&pool, by).await.expect("untracks");
        let left = "select count(*) from pg_trigger where tgname like '00_rowcast%' and tgrelid <> 'rowcast.tracked'::regclass";
        assert_eq!(value::<i64>(&pool, left).await, 0);
    }
}

/// Roles are the cluster's, so this one has a name of its own and is removed.
#[sqlx::test(migrations = false)]
async fn a_table_whose_owner_would_gain_rights_is_refused(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let role = "rowcast_test_mallory";
    let run = async |sql: String| sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.expect("runs");
    run(format!("create role {role}; create table t (id integer primary key); alter table t owner to {role}")).await;
    let refusal = capture::track(&pool, "t", Trust::Checked).await.expect_err("refuses").to_string();
    assert!(refusal.contains(role) && refusal.contains("--trust-owner"), "{refusal}");
    capture::track(&pool, "t", Trust::Given).await.expect("somebody decided so");
    run(format!("drop table t; drop role {role}")).await;
}
