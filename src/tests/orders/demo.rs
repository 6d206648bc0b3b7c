//! The demo's orders: believable, the same everywhere, written as what happened, and no danger to what was there before.

use super::{everything, principal, rows, sql, value};
use crate::support::eventually;
use rowcast::{
    app::demo,
    changelog,
    ledger::{Projection, check},
    orders::{self, Step, StepDetails, projections},
    protocol::Role,
    rights,
};
use serde_json::json;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// The engine's schema and the accounts of the demo, as a server makes them.
async fn with_people(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    for (email, name, role) in rowcast::identity::demo::PEOPLE {
        let account = format!(
            "insert into rowcast.account (email, name, role, password_hash) values ('{email}', '{name}', '{role}', '')"
        );
        sql(pool, &account).await;
    }
}

async fn account(pool: &PgPool, role: Role) -> i64 {
    value(pool, &format!("select id from rowcast.account where role = '{role}'")).await
}

async fn is_what_a_replay_makes<P: Projection>(pool: &PgPool) {
    let checked = check::<P>(pool, 10).await.expect("checks");
    assert_eq!(checked.differences, [], "{}", P::NAME);
    assert!(checked.events > 0);
}

/// What differs between two databases if anything does.
async fn content(pool: &PgPool) -> serde_json::Value {
    json!([
        rows(pool, "select id, customer, customer_name, state, version, lines, pieces, total, note from public.orders order by id")
            .await,
        rows(pool, "select order_id, line, product_id, quantity, price from public.order_lines order by 1, 2").await,
        rows(pool, "select stream, version, type, data, who_name from rowcast.event order by stream, version").await,
    ])
}

#[sqlx::test(migrations = false)]
async fn the_demo_has_orders_in_all_states_that_are_what_their_events_make(pool: PgPool) {
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    assert_eq!(value::<i64>(&pool, "select count(distinct state) from public.orders").await, 8);
    assert!((60..=150).contains(&value::<i64>(&pool, "select count(*) from public.orders").await));
    is_what_a_replay_makes::<projections::Orders>(&pool).await;
    is_what_a_replay_makes::<projections::OrderLines>(&pool).await;
    is_what_a_replay_makes::<projections::OrderSteps>(&pool).await;
    for query in [include_str!("dense.sql"), include_str!("steps.sql"), include_str!("legal.sql")] {
        assert_eq!(rows(&pool, query).await, json!([]), "{query}");
    }
    assert!(value::<bool>(&pool, include_str!("moved.sql")).await);
    let spread = "select max(placed_at) > now() - interval '1 day' and min(placed_at) < now() - interval '20 days'
        and bool_and(changed_at <= now() and changed_at >= placed_at) from public.orders";
    assert!(value::<bool>(&pool, spread).await, "over the last weeks");
    let cleo = account(&pool, Role::Customer).await;
    assert!(value::<i64>(&pool, &format!("select count(*) from public.orders where customer = {cleo}")).await >= 10);
    let told = format!(
        "select bool_and(account = {cleo} or kind in ('order_placed', 'order_cancelled')) and bool_or(read_at is null)
            and bool_or(read_at is not null) from public.notifications"
    );
    assert!(value::<bool>(&pool, &told).await);

    // Life goes on from there.
    let next: i64 = value(&pool, "select max(id) + 1 from public.orders").await;
    let cleo = principal(cleo, "Cleo Customer", Role::Customer);
    let lines = vec![orders::PlaceLine { product_id: some_product(&pool).await, quantity: 1 }];
    let done = orders::place(&pool, &everything(&pool), &cleo, orders::Place { lines, ..orders::Place::default() })
        .await
        .expect("places");
    assert_eq!(done.id, next);
    let sam = principal(account(&pool, Role::Staff).await, "Sam Staff", Role::Staff);
    let packed: i64 = value(&pool, "select min(id) from public.orders where state = 'packed'").await;
    orders::step(&pool, &everything(&pool), &sam, packed, Step::Cancel, StepDetails::default()).await.expect("cancels");
    is_what_a_replay_makes::<projections::Orders>(&pool).await;
}

async fn some_product(pool: &PgPool) -> i64 {
    value(pool, "select min(id) from public.products where quantity > 0").await
}

#[sqlx::test(migrations = false)]
async fn a_demo_of_an_earlier_version_gets_orders_and_keeps_what_people_did(pool: PgPool) {
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    let as_new = content(&pool).await;
    sql(
        &pool,
        "drop table public.orders, public.order_lines, public.order_steps, public.notifications, public.order_requests;
         drop sequence public.order_number",
    )
    .await;
    // The ledger forgets nothing; a database of an earlier version has none.
    sql(
        &pool,
        "alter table rowcast.event disable trigger all; alter table rowcast.stream disable trigger all;
         delete from rowcast.event; delete from rowcast.stream;
         alter table rowcast.event enable always trigger refuse; alter table rowcast.event enable always trigger refuse_row",
    )
    .await;
    let quantities = "select id, quantity, updated_at from public.products order by id";
    sql(&pool, "update public.products set quantity = 777 where id = 1; delete from public.products where id = 2000")
        .await;
    let before = rows(&pool, quantities).await;
    demo::install(&pool).await.expect("installs");
    assert_eq!(rows(&pool, quantities).await, before);
    let again = content(&pool).await;
    assert_eq!(again[0].as_array().map(Vec::len), as_new[0].as_array().map(Vec::len));
    is_what_a_replay_makes::<projections::Orders>(&pool).await;

    let people_did = "update public.notifications set read_at = now()";
    sql(&pool, people_did).await;
    demo::install(&pool).await.expect("does nothing");
    assert_eq!(content(&pool).await, again);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.notifications where read_at is null").await, 0);
}

#[sqlx::test(migrations = false)]
async fn every_demo_has_the_same_orders(pool: PgPool) {
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    let first = content(&pool).await;
    sql(&pool, "drop schema rowcast cascade; drop schema public cascade; create schema public").await;
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    assert_eq!(content(&pool).await, first);
}

#[sqlx::test(migrations = false)]
async fn a_table_of_somebody_elses_is_left_alone(pool: PgPool) {
    for (table, told) in [
        ("orders (id int primary key, owner text)", "public.orders that is not the demo's: it has no column customer"),
        ("notifications (id int primary key)", "public.notifications that is not the demo's: it has no column account"),
    ] {
        changelog::install(&pool).await.expect("installs");
        sql(&pool, &format!("create table public.{table}")).await;
        let error = demo::install(&pool).await.expect_err("is refused").to_string();
        assert!(error.contains(told), "{error}");
        let others = "select count(*) from pg_tables where schemaname = 'public'";
        assert_eq!(value::<i64>(&pool, others).await, 1, "nothing was made");
        sql(&pool, "drop schema public cascade; create schema public").await;
    }
}

#[sqlx::test(migrations = false)]
async fn everybody_sees_of_the_demo_what_is_theirs(pool: PgPool) {
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    demo::show(&pool).await.expect("shows");
    let listed = rights::list(&pool).await.expect("lists");
    let granted = |table: &str, role: Role| {
        let policy = listed.iter().find(|one| one.table.as_deref() == Some(table) && one.policy.role == role);
        let policy = policy.unwrap_or_else(|| panic!("{table} for {role}"));
        assert_eq!(policy.problem, None);
        policy.policy.filter.clone()
    };
    for table in ["public.orders", "public.order_lines", "public.order_steps"] {
        assert_eq!(granted(table, Role::Customer).as_deref(), Some("customer = $user.id"));
        assert_eq!((granted(table, Role::Staff), granted(table, Role::Admin)), (None, None));
    }
    for role in [Role::Customer, Role::Staff, Role::Admin] {
        assert_eq!(granted("public.notifications", role).as_deref(), Some("account = $user.id"));
        assert_eq!(granted("public.products", role), None);
    }
    assert!(!listed.iter().any(|one| one.policy.role == Role::Anonymous));
    // What an administrator takes away stays away.
    rights::revoke(&pool, "public.orders", Role::Staff).await.expect("revokes");
    demo::show(&pool).await.expect("shows");
    let listed = rights::list(&pool).await.expect("lists");
    assert!(!listed.iter().any(|one| one.table.as_deref() == Some("public.orders") && one.policy.role == Role::Staff));
}

#[sqlx::test(migrations = false)]
async fn a_server_and_its_commands_leave_somebody_elses_orders_alone(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    sql(&pool, include_str!("../../orders/schema.sql")).await;
    let own = "insert into public.orders values (1, null, 'Bob', 'placed', 1, 1, 1, 9.99, '', now(), now(), 'Bob')";
    sql(&pool, own).await;
    assert!(!projections::are_there(&pool).await.expect("looks"), "no event has made it");
    assert!(known(&pool).await.is_empty());
    sql(&pool, "truncate public.orders").await;
    with_people(&pool).await;
    sql(&pool, include_str!("../../app/inventory/schema.sql")).await;
    sql(&pool, super::PRODUCTS).await;
    let sam = principal(account(&pool, Role::Staff).await, "Sam Staff", Role::Staff);
    let lines = vec![orders::PlaceLine { product_id: 1, quantity: 1 }];
    orders::place(&pool, &everything(&pool), &sam, orders::Place { lines, ..orders::Place::default() })
        .await
        .expect("places");
    assert_eq!(known(&pool).await, ["orders", "order_lines", "order_steps"]);
}

async fn known(pool: &PgPool) -> Vec<&'static str> {
    rowcast::projections::of(pool).await.expect("looks").names().collect()
}

#[sqlx::test(migrations = false)]
async fn orders_that_come_while_the_server_runs_are_looked_after(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    // Beside what has happened already, tables that are new have to be built.
    sql(
        &pool,
        "insert into rowcast.stream values ('before', 1);
         insert into rowcast.event (stream, version, type, schema, data, who_name) values ('before', 1, 'Begun', 1, '{}', '')",
    )
    .await;
    let stop = CancellationToken::new();
    let kept = tokio::spawn(rowcast::projections::keep(pool.clone(), stop.clone()));
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    let built = "select version > 0 from rowcast.projection where name = 'orders'";
    eventually("it is built", || async { value::<bool>(&pool, built).await }).await;
    stop.cancel();
    kept.await.expect("ends");
}

#[sqlx::test(migrations = false)]
async fn tables_that_are_made_anew_are_filled_from_the_ledger(pool: PgPool) {
    with_people(&pool).await;
    demo::install(&pool).await.expect("installs");
    let all = "select format('%s %s', count(*), sum(total)) from public.orders";
    let before = value::<String>(&pool, all).await;
    sql(
        &pool,
        "drop table public.orders, public.order_lines, public.order_steps, public.order_requests, public.notifications;
         drop sequence public.order_number",
    )
    .await;
    demo::install(&pool).await.expect("installs again");
    for projection in known(&pool).await {
        let registry = rowcast::projections::of(&pool).await.expect("looks");
        registry.get(projection).expect("is known").rebuild(&pool).await.expect("rebuilds");
    }
    assert_eq!(value::<String>(&pool, all).await, before);
    sql(&pool, "update public.products set quantity = 1 where id = 1").await;
    let sam = principal(account(&pool, Role::Staff).await, "Sam Staff", Role::Staff);
    let lines = vec![orders::PlaceLine { product_id: 1, quantity: 1 }];
    orders::place(&pool, &everything(&pool), &sam, orders::Place { lines, ..orders::Place::default() })
        .await
        .expect("places");
}
