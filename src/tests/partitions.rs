//! A partitioned table is one table to its readers, whatever happens to its partitions.

use crate::support::{Client, Server, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog,
};
use sqlx::PgPool;

/// Partitions, one of them with partitions of its own, and one with its columns in another order.
const PARTED: &str = "
    create table parted (id int, region text, n int, primary key (id, region)) partition by list (region);
    create table north partition of parted for values in ('north');
    create table south partition of parted for values in ('south') partition by range (id);
    create table south_low partition of south for values from (0) to (100);
    create table west (n int, gone int, region text not null, id int not null);
    alter table west drop column gone;
    alter table parted attach partition west for values in ('west')";

async fn parted(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    sql(pool, PARTED).await;
    capture::track(pool, "parted", Trust::Checked).await.expect("tracks");
}

/// What the table holds, as a client counts it.
async fn expected(pool: &PgPool) -> String {
    value(
        pool,
        "select coalesce(string_agg(format('%s|\"%s\"=%s', id, region, n), ' ' order by id, region), '') from parted",
    )
    .await
}

fn shown(client: &Client, id: u64) -> String {
    let mut rows: Vec<(i64, String)> = client
        .rows(id)
        .values()
        .map(|text| {
            let row: serde_json::Value = serde_json::from_str(text).expect("JSON");
            let number = row["id"].as_i64().expect("a number");
            (number, format!("{number}|{}={}", row["region"], row["n"]))
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// Statements one after the other, each of which changes what the table holds.
const STEPS: [(&str, &str); 13] = [
    ("rows of several partitions", "insert into parted values (1, 'north', 1), (2, 'south', 2), (3, 'west', 3)"),
    ("a row of one partition", "insert into south_low values (4, 'south', 4)"),
    ("an update", "update parted set n = n + 10"),
    ("a move to another partition", "update parted set region = 'west' where id = 2"),
    ("a move and a new key", "update parted set region = 'north', id = 30 where id = 3"),
    (
        "a new partition",
        "create table east partition of parted for values in ('east'); insert into parted values (5, 'east', 5)",
    ),
    ("a partition that is truncated", "truncate east"),
    (
        "a partition of a partition",
        "create table south_high partition of south for values from (100) to (200); insert into parted values (100, 'south', 6)",
    ),
    ("a partition that is detached", "alter table south detach partition south_high"),
    (
        "a partition that is attached",
        "insert into south_high values (101, 'south', 7); alter table south attach partition south_high for values from (100) to (200)",
    ),
    ("a column", "alter table parted add column late int; update parted set n = n + 1 where region = 'west'"),
    ("a partition that is dropped", "drop table north"),
    ("a truncate", "truncate parted"),
];

#[sqlx::test(migrations = false)]
async fn a_client_shows_the_table_after_whatever_happens_to_its_partitions(pool: PgPool) {
    parted(&pool).await;
    let server = Server::start(&pool).await;
    let mut client = Client::connected(&server).await;
    let id = client.subscribe("parted", &["id", "region"]).await;
    client.until_live().await;
    for (what, statements) in STEPS {
        sql(&pool, statements).await;
        let expected = expected(&pool).await;
        client.until(what, |client| shown(client, id) == expected).await;
    }
    assert!(shown(&client, id).is_empty());
}

#[sqlx::test(migrations = false)]
async fn partitions_that_come_and_go_are_found_where_event_triggers_are_not_allowed(pool: PgPool) {
    parted(&pool).await;
    sql(&pool, "drop event trigger rowcast_ddl; drop event trigger rowcast_drop; drop event trigger rowcast_rewrite")
        .await;
    changelog::refresh(&pool).await.expect("looks");
    let reloads = async || value::<i64>(&pool, "select count(*) from rowcast.change where op = 'R'").await;
    for statement in [
        "create table east partition of parted for values in ('east')",
        "insert into parted values (5, 'east', 5); truncate east",
        "alter table parted detach partition north",
        "drop table south_low",
    ] {
        let before = reloads().await;
        sql(&pool, statement).await;
        changelog::refresh(&pool).await.expect("looks");
        assert!(reloads().await > before, "{statement}");
        assert!(!changelog::refresh(&pool).await.expect("looks again"), "{statement}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_partition_that_is_no_more_has_no_trigger_of_ours(pool: PgPool) {
    parted(&pool).await;
    sql(&pool, "alter table parted detach partition north").await;
    assert_eq!(value::<i64>(&pool, "select count(*) from pg_trigger where tgrelid = 'north'::regclass").await, 0);
    capture::untrack(&pool, "parted").await.expect("untracks");
    let left =
        "select count(*) from pg_trigger where tgname like '00_rowcast%' and tgrelid <> 'rowcast.tracked'::regclass";
    assert_eq!(value::<i64>(&pool, left).await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.change where table_id <> 0").await, 0);
}

#[sqlx::test(migrations = false)]
async fn all_partitions_are_captured_whatever_the_role_of_the_session(pool: PgPool) {
    parted(&pool).await;
    sql(&pool, "create table east partition of parted for values in ('east');
        set session_replication_role = replica; insert into parted values (1, 'east', 1), (1, 'west', 1), (1, 'south', 1);
        reset session_replication_role").await;
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.change where op = 'I' and table_id <> 0").await, 3);
}

#[sqlx::test(migrations = false)]
async fn a_table_and_a_partition_of_it_can_both_be_tracked(pool: PgPool) {
    parted(&pool).await;
    for name in ["north", "south"] {
        capture::track(&pool, name, Trust::Checked).await.expect("tracks");
    }
    sql(&pool, "insert into parted values (1, 'north', 1), (1, 'south', 1), (1, 'west', 1)").await;
    let tables = "select string_agg(table_name, ',' order by c.seq) from rowcast.change c join rowcast.tracked t on t.id = c.table_id where op = 'I'";
    assert_eq!(value::<String>(&pool, tables).await.split(',').count(), 5);
    // Also if it becomes one while it is tracked.
    sql(&pool, "create table own (id int, region text, n int, primary key (id, region))").await;
    capture::track(&pool, "own", Trust::Checked).await.expect("tracks");
    sql(
        &pool,
        "alter table parted attach partition own for values in ('own'); alter table parted detach partition own",
    )
    .await;
    for name in ["own", "parted", "south", "north"] {
        capture::untrack(&pool, name).await.expect("untracks");
    }
    let left =
        "select count(*) from pg_trigger where tgname like '00_rowcast%' and tgrelid <> 'rowcast.tracked'::regclass";
    assert_eq!(value::<i64>(&pool, left).await, 0);
}
