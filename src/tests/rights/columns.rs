//! Names of columns that come to mean others than when they were granted: nothing is shown that nobody granted.

use super::{asked, client_of, grant, granted, keys, orders, own_orders, signed_in, with_orders, with_token};
use crate::support::{Client, Server, sql, url_of, value};
use rowcast::{
    changelog,
    hub::{Policy, Principal},
    protocol::{Role, Subscribe},
    rights,
    store::Phase,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{collections::BTreeMap, path::PathBuf};
use tokio::process::Command;

const HIDDEN: &str = "unknown_table";

fn staff_may_see(columns: &[&str]) -> Policy {
    Policy { columns: Some(columns.iter().map(|&name| name.to_owned()).collect()), ..Policy::all(Role::Staff) }
}

fn is_refused(client: &Client, id: u64) -> bool {
    matches!(&client.view(id).phase, Some(Phase::Failed(_)))
}

/// Why nobody sees anything by a role's policy, if that is so.
async fn problem(pool: &PgPool, role: Role) -> Option<String> {
    let listed = rights::list(pool).await.expect("lists");
    listed.into_iter().find(|listed| listed.policy.role == role).expect("is listed").problem
}

#[sqlx::test(migrations = false)]
async fn a_name_that_is_given_to_another_column_takes_the_rows_away_at_once(pool: PgPool) {
    let [ana, _] = with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut page = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let mut staff = client_of(&server, Some(with_token(&pool, Role::Staff, None).await.1)).await;
    let (id, rows) = asked(&mut page, orders(), "id").await;
    assert_eq!(keys(&rows.expect("rows")), ["1", "3"]);
    let (all, _) = asked(&mut staff, orders(), "id").await;
    let swap = "begin; alter table orders rename status to before; alter table orders rename secret to status;
                update orders set amount = amount + 1; commit";
    sql(&pool, swap).await;
    page.until("it is refused", |client| is_refused(client, id)).await;
    assert!(page.rows(id).is_empty(), "nothing is left on the page");
    for question in [
        orders(),
        Subscribe { columns: Some(vec!["id".to_owned()]), ..orders() },
        Subscribe { filter: Some("status is not null".to_owned()), ..orders() },
    ] {
        assert_eq!(asked(&mut page, question, "id").await.1, Err(HIDDEN.to_owned()));
    }
    assert!(page.heard.iter().all(|frame| !frame.contains("\"a1\"") && !frame.contains("\"a3\"")));
    let told = problem(&pool, Role::Customer).await.expect("has one");
    assert!(told.contains("\"status\" is another column") && told.contains("grant it again"), "{told}");
    let who = Principal { account: Some(ana), ..Principal::nobody(Role::Customer) };
    let explained = rights::explain(&pool, &who, "orders", "1").await.expect("explains");
    assert!(!explained.sees && explained.to_string().contains("\"status\" is another column"), "{explained}");

    // Whoever may see everything still does.
    staff.until("the new names", |client| client.rows(all).values().all(|row| row.contains("before"))).await;
    assert_eq!((staff.rows(all).len(), problem(&pool, Role::Staff).await), (4, None));

    // The old names mean the old columns.
    sql(&pool, "alter table orders rename status to secret; alter table orders rename before to status").await;
    page.until("the rows are back", |client| keys(&client.rows(id)) == ["1", "3"]).await;
    assert_eq!(problem(&pool, Role::Customer).await, None);

    // What is meant is granted again.
    sql(&pool, swap).await;
    assert!(problem(&pool, Role::Customer).await.is_some());
    page.until("it is refused again", |client| is_refused(client, id)).await;
    grant(&pool, own_orders()).await;
    page.until("what was granted now", |client| client.row(id, "1").is_some_and(|row| row.contains("a1"))).await;
    assert_eq!((keys(&page.rows(id)), problem(&pool, Role::Customer).await), (vec!["1", "3"], None));
}

#[sqlx::test(migrations = false)]
async fn a_filter_whose_name_is_given_to_another_column_lets_nobody_see_anything(pool: PgPool) {
    with_orders(&pool).await;
    grant(&pool, Policy { columns: None, ..own_orders() }).await;
    let server = Server::start_strict(&pool).await;
    let mut page = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let (id, rows) = asked(&mut page, orders(), "id").await;
    assert_eq!(keys(&rows.expect("rows")), ["1", "3"]);
    // Each order is everybody's who is called 1.
    sql(
        &pool,
        "begin; alter table orders rename owner to seller; alter table orders add column owner bigint default 1; commit",
    )
    .await;
    page.until("it is refused", |client| is_refused(client, id)).await;
    assert!(page.rows(id).is_empty(), "nothing is left on the page");
    for filter in [None, Some("amount > 0".to_owned())] {
        let question = Subscribe { filter, ..orders() };
        assert_eq!(asked(&mut page, question, "id").await.1, Err(HIDDEN.to_owned()));
    }
    assert!(problem(&pool, Role::Customer).await.is_some_and(|told| told.contains("\"owner\" is another column")));
    // A new column that the policy does not name changes nothing.
    grant(&pool, own_orders()).await;
    sql(&pool, "alter table orders add column note text").await;
    assert_eq!(problem(&pool, Role::Customer).await, None);
    page.until("what was granted now", |client| client.rows(id).len() == 4).await;
}

#[sqlx::test(migrations = false)]
async fn a_column_that_is_dropped_and_added_again_is_another_one(pool: PgPool) {
    with_orders(&pool).await;
    grant(&pool, staff_may_see(&["secret"])).await;
    let server = Server::start_strict(&pool).await;
    let mut staff = client_of(&server, Some(with_token(&pool, Role::Staff, None).await.1)).await;
    let (id, rows) = asked(&mut staff, orders(), "id").await;
    assert_eq!(rows.map(|rows| rows.len()), Ok(4));
    // The last one: the table looks as it did before.
    sql(&pool, "begin; alter table orders drop column secret; alter table orders add column secret text default 'other'; commit").await;
    staff.until("it is refused", |client| is_refused(client, id)).await;
    assert!(staff.heard.iter().all(|frame| !frame.contains("other")));
    assert!(problem(&pool, Role::Staff).await.is_some());
}

#[sqlx::test(migrations = false)]
async fn a_name_that_was_granted_before_there_was_such_a_column_grants_nothing(pool: PgPool) {
    with_orders(&pool).await;
    sql(&pool, "select rowcast.grant('orders', 'staff', array['status', 'later'])").await;
    let server = Server::start_strict(&pool).await;
    let mut staff = client_of(&server, Some(with_token(&pool, Role::Staff, None).await.1)).await;
    let (id, rows) = asked(&mut staff, orders(), "id").await;
    assert_eq!(rows.map(|rows| rows.len()), Ok(4));
    sql(&pool, "alter table orders add column later text default 'not yours'").await;
    staff.until("it is refused", |client| is_refused(client, id)).await;
    assert!(staff.heard.iter().all(|frame| !frame.contains("not yours")));
}

#[sqlx::test(migrations = false)]
async fn it_is_noticed_by_looking_where_event_triggers_are_not_allowed(pool: PgPool) {
    with_orders(&pool).await;
    grant(&pool, staff_may_see(&["secret"])).await;
    let unwatched =
        "drop event trigger rowcast_ddl; drop event trigger rowcast_drop; drop event trigger rowcast_rewrite";
    sql(&pool, &format!("{unwatched}; select rowcast.refresh_tracked()")).await;
    sql(&pool, "alter table orders drop column secret; alter table orders add column secret text").await;
    assert!(changelog::refresh(&pool).await.expect("looks"));
    assert!(problem(&pool, Role::Staff).await.is_some());
    let noted = "select policies #>> '{0,moved}' from rowcast.tracked";
    assert_eq!(value::<String>(&pool, noted).await, r#"["secret"]"#);
    assert!(!changelog::refresh(&pool).await.expect("looks again"), "there is nothing left to be found");
}

/// What every role sees, by `rowcast explain` for each row.
async fn seen(pool: &PgPool) -> BTreeMap<String, bool> {
    let mut seen = BTreeMap::new();
    for (role, account) in [(Role::Staff, None), (Role::Customer, Some(1)), (Role::Customer, Some(2))] {
        let who = Principal { account, ..Principal::nobody(role) };
        for key in 1..=4 {
            let explained = rights::explain(pool, &who, "orders", &key.to_string()).await.expect("explains");
            seen.insert(format!("{role} {account:?} {key}"), explained.sees);
        }
    }
    seen
}

/// Orders with a gap where a column was, and what is granted of them.
async fn with_a_gap(pool: &PgPool) {
    with_orders(pool).await;
    let gap = "alter table orders add column gone int; alter table orders drop column gone; alter table orders add column note text";
    sql(pool, gap).await;
    grant(pool, Policy { columns: Some(vec!["note".to_owned()]), ..own_orders() }).await;
    grant(pool, staff_may_see(&["status", "note"])).await;
}

/// What was restored is as it was granted, and grants no more.
async fn is_as_before(restored: &PgPool, before: &BTreeMap<String, bool>) {
    assert_eq!(before.values().filter(|sees| **sees).count(), 8);
    assert_eq!(&seen(restored).await, before);
    assert_eq!((problem(restored, Role::Customer).await, problem(restored, Role::Staff).await), (None, None));
    sql(restored, "alter table orders rename note to old; alter table orders rename secret to note").await;
    changelog::refresh(restored).await.expect("looks");
    assert!(problem(restored, Role::Customer).await.is_some() && problem(restored, Role::Staff).await.is_some());
}

/// As a dump and its restoring leave it.
#[sqlx::test(migrations = false)]
async fn the_same_table_under_another_number_is_one_that_was_restored(pool: PgPool) {
    with_a_gap(&pool).await;
    let before = seen(&pool).await;
    let number: i32 = value(&pool, "select id from rowcast.tracked").await;
    sql(
        &pool,
        &format!(
            "drop event trigger rowcast_ddl; drop event trigger rowcast_drop; drop event trigger rowcast_rewrite;
             create table restored (id int primary key, owner bigint not null, status text not null, amount int not null, secret text, note text);
             insert into restored select id, owner, status, amount, secret, note from orders;
             drop table orders; alter table restored rename to orders;
             create trigger \"00_rowcast_capture\" after insert or update or delete on orders
                 for each row execute function rowcast.capture('{number}')"
        ),
    )
    .await;
    assert!(changelog::refresh(&pool).await.expect("looks"));
    is_as_before(&pool, &before).await;
}

/// `pg_dump` of the server's own version, if there is one.
async fn pg_dump(pool: &PgPool) -> Option<PathBuf> {
    let version: i32 = value(pool, "select current_setting('server_version_num')::integer / 10000").await;
    let debian = PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/pg_dump"));
    let program = if debian.exists() { debian } else { "pg_dump".into() };
    let told = Command::new(&program).arg("--version").output().await.ok()?;
    String::from_utf8_lossy(&told.stdout).contains(&format!(" {version}.")).then_some(program)
}

#[sqlx::test(migrations = false)]
async fn after_a_restore_names_mean_what_they_meant_though_their_numbers_are_others(pool: PgPool) {
    let Some(program) = pg_dump(&pool).await else {
        println!("there is no pg_dump of this version; the story before tells the same without one");
        return;
    };
    with_a_gap(&pool).await;
    let dump =
        Command::new(program).args(["--inserts", "--dbname"]).arg(url_of(&pool).await).output().await.expect("runs");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    // What is left are commands of psql.
    let dump = String::from_utf8(dump.stdout).expect("text");
    let dump: String = dump.lines().filter(|line| !line.starts_with('\\')).flat_map(|line| [line, "\n"]).collect();
    let name = format!("restored_{}", value::<i32>(&pool, "select pg_backend_pid()").await);
    sql(&pool, &format!("create database \"{name}\" template template0")).await;
    let options = pool.connect_options().as_ref().clone().database(&name);
    let connect =
        async || PgPoolOptions::new().max_connections(2).connect_with(options.clone()).await.expect("connects");
    let loading = connect().await;
    sql(&loading, &dump).await;
    // A dump leaves its session without a search path.
    loading.close().await;
    let restored = connect().await;
    let number = "select attnum from pg_attribute where attrelid = 'orders'::regclass and attname = 'note'";
    assert_ne!(value::<i16>(&pool, number).await, value::<i16>(&restored, number).await);
    changelog::install(&restored).await.expect("has nothing to do");
    changelog::refresh(&restored).await.expect("looks");
    is_as_before(&restored, &seen(&pool).await).await;
    restored.close().await;
    sql(&pool, &format!("drop database \"{name}\" with (force)")).await;
}
