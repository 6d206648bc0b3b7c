//! The changelog does not grow for ever, and nobody notices but those who were told.

use crate::support::{Client, Rows, Server, eventually, sql, value, with_items};
use futures::future::try_join_all;
use rowcast::{
    changelog::{self, Keep, Reading, Snapshot, Tailer, WakeUp},
    hub::Definition,
};
use sqlx::{AssertSqlSafe, PgPool};
use std::time::Duration;

const CHANGES: &str = "select count(*) from rowcast.change where table_id <> 0";
const PARTS: &str = "select count(*) from generate_series(0, 3) n
    where pg_relation_size(format('rowcast.change_%s', n)::regclass) > 0";
const BYTES: &str = "select sum(pg_total_relation_size(format('rowcast.change_%s', n)::regclass))::bigint
    from generate_series(0, 3) n";

async fn live(server: &Server) -> (Client, u64) {
    let mut client = Client::connected(server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    (client, items)
}

async fn prune(pool: &PgPool) -> u64 {
    changelog::prune(pool, Duration::ZERO).await.expect("prunes")
}

/// Prunes what was there the last time that this was called, as if hours had passed since.
async fn hours_pass(pool: &PgPool) {
    sql(pool, "update rowcast.mark set at = at - interval '4 hours'; update rowcast.history set rotated = rotated - interval '4 hours'")
        .await;
    changelog::prune(pool, Duration::from_secs(3 * 3600)).await.expect("prunes");
}

/// How the server answers who continues from a token with the rows of that time.
async fn answer(server: &Server, token: &str, rows: Rows) -> Vec<String> {
    let mut client = Client::connected(server).await;
    client.subscribe_from("items", &["id"], Some(token.to_owned()), rows).await;
    client.until_live().await;
    client.resyncs()
}

#[sqlx::test(migrations = false)]
async fn parts_are_used_in_turn_and_emptied_while_changes_keep_their_order(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let mut last = 0;
    for n in 0..9 {
        sql(&pool, &format!("insert into items values (1, '{n}') on conflict (id) do update set name = '{n}'")).await;
        let newest = value::<i64>(&pool, "select max(seq) from rowcast.change").await;
        assert!(newest >> 40 > last >> 40 || n == 0, "{newest} is in another part than {last}");
        last = newest;
        let text = format!(r#""{n}""#);
        client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains(&text))).await;
        hours_pass(&pool).await;
        assert!(value::<i64>(&pool, PARTS).await <= 3);
    }
    let kept = value::<i64>(&pool, CHANGES).await;
    assert!(kept <= 2, "{kept} changes are left");
    assert!(client.resyncs().is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_transaction_left_open_keeps_its_own_changes_and_nobody_elses(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let (old, rows) = (client.token.clone().expect("has a position"), client.rows(items));
    let mut open = pool.begin().await.expect("begins");
    sqlx::query("update items set name = 'late' where id = 1").execute(&mut *open).await.expect("writes");
    hours_pass(&pool).await;
    let pinned = value::<i64>(&pool, CHANGES).await;
    for n in 0..8 {
        sql(&pool, &format!("update items set name = 'n{n}' where id = 2")).await;
        let text = format!(r#""n{n}""#);
        client.until("it arrives", |client| client.row(items, "2").is_some_and(|row| row.contains(&text))).await;
        hours_pass(&pool).await;
    }
    let kept = value::<i64>(&pool, CHANGES).await;
    assert!(kept <= pinned + 2, "what others wrote is pruned: {kept} are left, {pinned} beside the open one");
    server.kill();
    let server = Server::start(&pool).await;
    assert_eq!(answer(&server, &old, rows).await, ["position_too_old"]);
    client.move_to(&server).await;
    client.until_live().await;
    open.commit().await.expect("commits");
    client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains("late"))).await;
    eventually("it is pruned in its turn", || async {
        prune(&pool).await;
        value::<i64>(&pool, CHANGES).await == 0
    })
    .await;
    assert!(client.resyncs().is_empty());
}

#[sqlx::test(migrations = false)]
async fn what_is_pruned_is_not_read_even_if_it_is_still_there(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (client, items) = live(&server).await;
    let (token, rows) = (client.token.clone().expect("has a position"), client.rows(items));
    sql(&pool, "update items set name = 'new'").await;
    server.kill();
    let mut dump = pool.begin().await.expect("begins");
    sqlx::query("lock table rowcast.change in access share mode").execute(&mut *dump).await.expect("locks");
    assert_eq!(prune(&pool).await, 0, "a dump is being made");
    assert!(value::<i64>(&pool, CHANGES).await > 0);
    let server = Server::start(&pool).await;
    assert_eq!(answer(&server, &token, rows).await, ["position_too_old"]);
    dump.rollback().await.expect("ends");
}

#[sqlx::test(migrations = false)]
async fn the_changelog_stays_within_its_size_and_keeps_what_is_newest(pool: PgPool) {
    const BOUND: u64 = 1024 * 1024;
    with_items(&pool).await;
    sql(&pool, "insert into items select g from generate_series(1, 1000) g").await;
    let server = Server::start(&pool).await;
    let (client, items) = live(&server).await;
    let first = (client.token.clone().expect("has a position"), client.rows(items));
    let keep = Keep { age: Duration::from_secs(3600), bytes: Some(BOUND) };
    let mut newest = first.clone();
    for n in 0..20 {
        let (client, items) = live(&server).await;
        newest = (client.token.clone().expect("has a position"), client.rows(items));
        sql(&pool, &format!("update items set name = 'n{n}'")).await;
        changelog::prune(&pool, keep).await.expect("prunes");
    }
    eventually("it is small", || async {
        changelog::prune(&pool, keep).await.expect("prunes");
        u64::try_from(value::<i64>(&pool, BYTES).await).expect("a size") <= BOUND
    })
    .await;
    server.kill();
    let server = Server::start(&pool).await;
    assert_eq!(answer(&server, &first.0, first.1).await, ["position_too_old"]);
    assert_eq!(answer(&server, &newest.0, newest.1).await, [""; 0]);
}

#[sqlx::test(migrations = false)]
async fn several_servers_may_prune_at_once_while_writers_write(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let writer = {
        let pool = pool.clone();
        tokio::spawn(async move {
            for n in 0..300 {
                sql(&pool, &format!("update items set name = 'n{n}'")).await;
            }
        })
    };
    while !writer.is_finished() {
        try_join_all((0..3).map(|_| changelog::prune(&pool, Duration::ZERO))).await.expect("prune");
    }
    writer.await.expect("writes");
    client.until("the last one", |client| client.row(items, "1").is_some_and(|row| row.contains(r#""n299""#))).await;
    let horizon = "select pg_snapshot_xmax(horizon)::text::bigint from rowcast.history";
    let before = value::<i64>(&pool, horizon).await;
    prune(&pool).await;
    assert!(value::<i64>(&pool, horizon).await > before);
}

#[sqlx::test(migrations = false)]
async fn a_server_that_was_stopped_for_a_week_prunes_when_it_starts(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items select g from generate_series(1, 100) g").await;
    changelog::prune(&pool, Duration::from_secs(3600)).await.expect("sets a mark");
    sql(&pool, "update rowcast.mark set at = at - interval '7 days'; update rowcast.history set rotated = rotated - interval '7 days'")
        .await;
    assert_eq!(value::<i64>(&pool, CHANGES).await, 100);
    let _server = Server::start(&pool).await;
    eventually("it prunes", || async { value::<i64>(&pool, CHANGES).await == 0 }).await;
}

#[sqlx::test(migrations = false)]
async fn changes_from_before_there_were_parts_stay_in_order(pool: PgPool) {
    sql(&pool, "create schema rowcast").await;
    sql(&pool, include_str!("../migrations/0001_engine.sql")).await;
    sql(
        &pool,
        "create table items (id int primary key, name text);
         insert into rowcast.tracked (schema_name, table_name, key) values ('public', 'items', '{id}');
         create trigger \"00_rowcast_capture\" after insert or update or delete on items
             for each row execute function rowcast.capture('1');
         insert into items values (1, 'a'); insert into rowcast.mark default values; update items set name = 'b'",
    )
    .await;
    sql(&pool, include_str!("../migrations/0002_columns.sql")).await;
    let mut writer = pool.begin().await.expect("begins");
    sqlx::query("update items set name = 'c'").execute(&mut *writer).await.expect("writes");
    let upgrade = {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut transaction = pool.begin().await.expect("begins");
            sqlx::raw_sql(include_str!("../migrations/0003_parts.sql"))
                .execute(&mut *transaction)
                .await
                .expect("upgrades");
            transaction.commit().await.expect("commits");
        })
    };
    eventually("it waits for the writer", || async {
        value::<bool>(
            &pool,
            "select exists (select from pg_locks where not granted and relation = 'rowcast.change'::regclass)",
        )
        .await
    })
    .await;
    // One that comes meanwhile waits too, in the function as it was.
    let late = {
        let pool = pool.clone();
        tokio::spawn(async move { sql(&pool, "insert into items values (2, 'd')").await })
    };
    eventually("it waits for the upgrade", || async {
        value::<i64>(&pool, "select count(*) from pg_locks where not granted and relation = 'rowcast.change'::regclass")
            .await
            == 2
    })
    .await;
    writer.commit().await.expect("commits");
    upgrade.await.expect("upgrades");
    late.await.expect("is not disturbed");
    sql(&pool, "update items set name = 'e' where id = 1").await;
    let names: Vec<String> =
        sqlx::query_scalar("select new::jsonb ->> 'name' from rowcast.change where table_id = 1 order by seq")
            .fetch_all(&pool)
            .await
            .expect("reads");
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
}

#[sqlx::test(migrations = false)]
async fn a_server_starts_with_the_recent_past(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2)").await;
    changelog::prune(&pool, Duration::from_secs(3600)).await.expect("sets a mark");
    sql(&pool, "update rowcast.mark set at = at - interval '5 minutes'").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    server.kill();
    sql(&pool, "update items set name = 'while it was down' where id = 1; create table more (id int primary key)")
        .await;
    rowcast::capture::track(&pool, "more", rowcast::capture::Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let _somebody = Client::connected(&server).await;
    // Whoever would look into the changelog finds nothing.
    sql(&pool, "delete from rowcast.change_0").await;
    client.move_to(&server).await;
    client.until("it catches up", |client| client.row(items, "1").is_some_and(|row| row.contains("down"))).await;
    assert!(!client.has_heard("snapshot") && client.resyncs().is_empty());
    client.subscribe("more", &["id"]).await;
    client.until_live().await;
}

#[sqlx::test(migrations = false)]
async fn a_busy_table_is_read_anew_and_a_quiet_one_goes_on(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table busy (id int primary key); insert into items values (1), (2)").await;
    rowcast::capture::track(&pool, "busy", rowcast::capture::Trust::Checked).await.expect("tracks");
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let (token, rows) = (client.token.clone().expect("has a position"), client.rows(items));
    sql(&pool, "begin; update items set name = 'beside' where id = 1; insert into busy select generate_series(1, 100001); commit")
        .await;
    client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains("beside"))).await;
    assert!(client.resyncs().is_empty());
    server.kill();
    let server = Server::start(&pool).await;
    assert_eq!(answer(&server, &token, rows).await, [""; 0]);
}

#[sqlx::test(migrations = false)]
async fn how_much_there_is_of_other_tables_does_not_matter_to_a_catch_up(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table busy (id int primary key); insert into items values (1)").await;
    rowcast::capture::track(&pool, "busy", rowcast::capture::Trust::Checked).await.expect("tracks");
    let tailer = Tailer::start(pool.clone(), WakeUp::Poll).await.expect("starts");
    let from = tailer.hub().token().position;
    let id = |name: &str| tailer.hub().find_table(name).expect("is tracked").id;
    sql(&pool, "update items set name = 'one'; insert into busy select generate_series(1, 100001)").await;
    match changelog::catch_up(&pool, &from, id("items")).await.expect("reads") {
        Reading::Changes { changes, .. } => assert_eq!(changes.len(), 1),
        other => panic!("{other:?}"),
    }
    match changelog::catch_up(&pool, &from, id("busy")).await.expect("reads") {
        Reading::TooMuch => {}
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrations = false)]
async fn a_snapshot_that_waits_for_a_truncate_shows_what_came_after_it(pool: PgPool) {
    use futures::TryStreamExt;
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let tailer = Tailer::start(pool.clone(), WakeUp::Poll).await.expect("starts");
    let table = tailer.hub().find_table("items").expect("is tracked");
    let mut truncating = pool.begin().await.expect("begins");
    sqlx::raw_sql("truncate items; insert into items values (2)").execute(&mut *truncating).await.expect("writes");
    let opening = {
        let (pool, table) = (pool.clone(), table.clone());
        tokio::spawn(async move { Snapshot::open(&pool, &[table.as_ref()]).await.expect("opens") })
    };
    let waiting = "select exists (select from pg_locks where not granted and relation = 'items'::regclass)";
    eventually("it waits", || async { value::<bool>(&pool, waiting).await }).await;
    truncating.commit().await.expect("commits");
    let mut snapshot = opening.await.expect("opens");
    let rows: Vec<_> = snapshot.rows(&Definition::all(table)).try_collect().await.expect("reads");
    assert_eq!(rows.iter().map(|row| row.get()).collect::<Vec<_>>(), [r#"{"id":2,"name":""}"#]);
}

/// The plan of a look for so many changes at most, and what it did.
async fn look(pool: &PgPool, position: &str, most: u64) -> serde_json::Value {
    let mut connection = pool.acquire().await.expect("connects");
    let mut parts = position.split(':').skip(1);
    let (next, open) = (parts.next().expect("xmax"), parts.next().expect("xip"));
    for setting in
        ["enable_seqscan = off", "enable_bitmapscan = off", "plan_cache_mode = force_generic_plan", "jit = off"]
    {
        sqlx::raw_sql(AssertSqlSafe(format!("set {setting}"))).execute(&mut *connection).await.expect("sets");
    }
    let look = include_str!("../changelog/changes_after.sql");
    let prepare = format!("prepare look (text, text[], bigint, bigint, integer, integer[]) as {look}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.expect("prepares");
    let explain = format!(
        "explain (analyze, buffers, format json) execute look ('{next}', '{{{open}}}', {most}, 67108864, null, '{{}}')"
    );
    // Planned by the first, looked at in the second.
    let mut plan = serde_json::Value::Null;
    for _ in 0..2 {
        plan = sqlx::query_scalar(AssertSqlSafe(explain.clone())).fetch_one(&mut *connection).await.expect("explains");
    }
    sqlx::raw_sql("deallocate look; reset all").execute(&mut *connection).await.expect("forgets");
    plan[0]["Plan"].take()
}

/// Pages that a look touches, and what the plan is.
async fn pages(pool: &PgPool, position: &str) -> (i64, String) {
    let top = look(pool, position, 100_000).await;
    let touched = ["Shared Hit Blocks", "Shared Read Blocks"].map(|key| top[key].as_i64().expect("a number"));
    (touched.iter().sum(), top.to_string())
}

/// The rows that the nodes of a kind have returned, in all.
fn rows_of(plan: &serde_json::Value, kind: &str) -> f64 {
    let own = if plan["Node Type"].as_str().is_some_and(|found| found.contains(kind)) {
        plan["Actual Rows"].as_f64().expect("a number") * plan["Actual Loops"].as_f64().expect("a number")
    } else {
        0.0
    };
    own + plan["Plans"].as_array().into_iter().flatten().map(|part| rows_of(part, kind)).sum::<f64>()
}

#[sqlx::test(migrations = false)]
async fn a_look_at_too_much_reads_no_more_than_it_takes_to_know_and_sorts_nothing(pool: PgPool) {
    with_items(&pool).await;
    let before = value::<String>(&pool, "select pg_current_snapshot()::text").await;
    sql(&pool, "insert into items select g from generate_series(1, 5000) g").await;
    let plan = look(&pool, &before, 100).await;
    assert!(rows_of(&plan, "Index Scan") <= 101.0, "{plan:#}");
    assert_eq!(rows_of(&plan, "Sort"), 0.0, "{plan:#}");
    let plan = look(&pool, &before, 5000).await;
    assert_eq!(rows_of(&plan, "Index Scan"), 5000.0, "each is read once: {plan:#}");
    assert_eq!(rows_of(&plan, "Sort"), 5000.0, "{plan:#}");
}

#[sqlx::test(migrations = false)]
async fn a_look_costs_what_is_new_and_not_what_is_old_or_open(pool: PgPool) {
    with_items(&pool).await;
    let here = "select pg_current_snapshot()::text";
    sql(&pool, "insert into items select g from generate_series(1, 10) g").await;
    let before = value::<String>(&pool, here).await;
    sql(&pool, "update items set name = 'new'").await;
    let (small, _) = pages(&pool, &before).await;
    let mut open = pool.begin().await.expect("begins");
    sqlx::query("insert into items select g from generate_series(1000000, 1030000) g")
        .execute(&mut *open)
        .await
        .expect("writes");
    sql(&pool, "insert into items select g from generate_series(11, 100010) g").await;
    let before = value::<String>(&pool, here).await;
    assert!(!before.ends_with(':'), "{before} has the open transaction");
    sql(&pool, "update items set name = 'newer' where id <= 10").await;
    let (large, plan) = pages(&pool, &before).await;
    assert!(!plan.contains("Seq Scan\",\"Parallel Aware\":false,\"Relation Name\":\"change_"), "{plan}");
    println!("pages touched by a look at ten changes: {small} in a changelog of 20 changes, {large} in one of 130,000");
    assert!(large <= small + 40, "{small} pages became {large}: {plan}");
    open.rollback().await.expect("ends");
}

/// Has the next change be one at which writers look whether anybody is there.
const LOOK_AT_THE_NEXT: &str = "select setval('rowcast.change_seq', (last_value | 4095)) from rowcast.change_seq";

/// As if no server had been there for a week, of which the last kept changes for a day.
async fn a_week_without_a_server(pool: &PgPool) {
    changelog::prune(pool, Duration::from_secs(24 * 3600)).await.expect("sets a mark");
    sql(pool, "select setval('rowcast.read_at', (extract(epoch from now()) - 7 * 86400)::bigint)").await;
    sql(pool, LOOK_AT_THE_NEXT).await;
}

#[sqlx::test(migrations = false)]
async fn writers_stop_adding_changes_that_nobody_could_continue_from(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let (token, rows) = (client.token.clone().expect("has a position"), client.rows(items));
    sql(&pool, LOOK_AT_THE_NEXT).await;
    sql(&pool, "insert into items values (2); insert into items values (3)").await;
    client.until("it arrives: a server is there", |client| client.row(items, "3").is_some()).await;
    server.kill();
    client.disconnect();
    a_week_without_a_server(&pool).await;
    let before = value::<i64>(&pool, CHANGES).await;
    sql(
        &pool,
        "insert into items select g from generate_series(10, 20000) g; truncate items; insert into items values (4)",
    )
    .await;
    assert!(value::<i64>(&pool, CHANGES).await <= before + 1, "nothing is added after the look");
    let server = Server::start(&pool).await;
    assert_eq!(answer(&server, &token, rows).await, ["position_too_old"]);
    client.move_to(&server).await;
    client.until("all of it is there", |client| client.rows(items).keys().eq(["4"])).await;
    sql(&pool, "insert into items values (5)").await;
    client.until("it goes on", |client| client.row(items, "5").is_some()).await;
    assert_eq!(client.resyncs(), ["position_too_old"]);
}

#[sqlx::test(migrations = false)]
async fn what_was_written_before_a_server_came_shows_even_if_it_is_committed_much_later(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    a_week_without_a_server(&pool).await;
    sql(&pool, "insert into items values (2)").await;
    let mut open = pool.begin().await.expect("begins");
    sqlx::query("insert into items values (3)").execute(&mut *open).await.expect("writes");
    assert!(value::<bool>(&pool, "select rowcast.resume()").await, "it was paused");
    let tailer = Tailer::start(pool.clone(), WakeUp::Auto).await.expect("starts");
    let table = tailer.hub().find_table("items").expect("is tracked");
    assert!(!value::<bool>(&pool, "select rowcast.settle()").await, "one is still open");
    open.commit().await.expect("commits");
    eventually("all have ended", || async { value::<bool>(&pool, "select rowcast.settle()").await }).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let hub = tailer.hub().clone();
    let feeding = tokio::spawn(tailer.run(stop.clone()));
    eventually("it is read anew", || async { hub.find_table("items").is_some_and(|now| now.since > table.since) })
        .await;
    stop.cancel();
    feeding.await.expect("ends");
    assert!(value::<bool>(&pool, "select unsettled is null from rowcast.history").await);
}

#[sqlx::test(migrations = false)]
async fn a_changelog_that_is_as_large_as_it_may_be_stops_growing_while_no_server_is_there(pool: PgPool) {
    const BOUND: u64 = 1024 * 1024;
    with_items(&pool).await;
    let keep = Keep { age: Duration::from_secs(24 * 3600), bytes: Some(BOUND) };
    changelog::begin(&pool, keep).await.expect("begins");
    sql(&pool, "select setval('rowcast.read_at', (extract(epoch from now()) - 3600)::bigint)").await;
    for n in 0..12 {
        sql(&pool, &format!("insert into items select g from generate_series({n} * 5000, {n} * 5000 + 4999) g")).await;
    }
    let bytes = u64::try_from(value::<i64>(&pool, BYTES).await).expect("a size");
    assert!(bytes > BOUND / 2, "{bytes}: it was written to");
    assert!(bytes < 3 * BOUND, "{bytes}: 60,000 changes are many times that");
    assert_eq!(value::<i64>(&pool, "select count(*) from items").await, 60_000, "no writer failed");
    changelog::begin(&pool, keep).await.expect("begins again");
    eventually("it is small", || async {
        changelog::prune(&pool, keep).await.expect("prunes");
        u64::try_from(value::<i64>(&pool, BYTES).await).expect("a size") <= BOUND
    })
    .await;
}

/// The lock of those who pause, resume or go on with another part.
const PLACE_LOCK: &str = "select pg_advisory_xact_lock(1919907683, 4)";
const IS_PAUSED: &str = "select last_value >= 4611686018427387904 from rowcast.change_seq";

#[sqlx::test(migrations = false)]
async fn a_writer_that_pauses_the_changelog_keeps_no_lock(pool: PgPool) {
    with_items(&pool).await;
    a_week_without_a_server(&pool).await;
    let mut writer = pool.begin().await.expect("begins");
    sqlx::query("insert into items values (1)").execute(&mut *writer).await.expect("writes");
    assert!(value::<bool>(&pool, IS_PAUSED).await);
    let locks = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4 and classid = 1919907683
        and database = (select oid from pg_database where datname = current_database())";
    assert_eq!(value::<i64>(&pool, locks).await, 0, "its transaction is open, and a server need not wait for it");
    assert!(value::<bool>(&pool, "select rowcast.resume()").await);
    writer.commit().await.expect("commits");
}

#[sqlx::test(migrations = false)]
async fn a_server_that_comes_while_a_writer_pauses_the_changelog_has_it_go_on(pool: PgPool) {
    with_items(&pool).await;
    a_week_without_a_server(&pool).await;
    // A writer who has found that nobody is there, and is slow.
    let mut writer = pool.begin().await.expect("begins");
    sqlx::query(PLACE_LOCK).execute(&mut *writer).await.expect("locks");
    let coming = {
        let pool = pool.clone();
        tokio::spawn(async move { value::<bool>(&pool, "select rowcast.resume()").await })
    };
    let waits = "select exists (select from pg_locks where locktype = 'advisory' and objid = 4 and not granted
        and database = (select oid from pg_database where datname = current_database()))";
    eventually("the server waits", || async { value::<bool>(&pool, waits).await }).await;
    let pause = "select setval('rowcast.change_seq', last_value | 4611686018427387904) from rowcast.change_seq";
    sqlx::query(pause).execute(&mut *writer).await.expect("pauses");
    writer.commit().await.expect("gives back the lock");
    assert!(coming.await.expect("comes"), "it sees that it was paused");
    assert!(!value::<bool>(&pool, IS_PAUSED).await);
}

#[sqlx::test(migrations = false)]
async fn no_writer_waits_for_a_server_that_has_stalled_and_no_server_for_ever(pool: PgPool) {
    with_items(&pool).await;
    a_week_without_a_server(&pool).await;
    let mut stalled = pool.begin().await.expect("begins");
    sqlx::query(PLACE_LOCK).execute(&mut *stalled).await.expect("locks");
    sql(&pool, "set statement_timeout = '4s'; insert into items select g from generate_series(1, 5000) g; reset statement_timeout")
        .await;
    assert!(!value::<bool>(&pool, IS_PAUSED).await, "writers leave it as it is");
    let error = changelog::prune(&pool, Duration::from_secs(3600)).await.expect_err("another server gives up");
    assert!(error.is_unavailable(), "{error}, and tries again");
    stalled.rollback().await.expect("ends");
    changelog::prune(&pool, Duration::from_secs(3600)).await.expect("goes on");
}
