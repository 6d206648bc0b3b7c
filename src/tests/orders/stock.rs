//! Stock under many hands: never negative, never sold twice, never lost, and nobody waits for ever.

use super::{Caller, Reply, left, order, person, script, sql, value, with_shop};
use crate::support::{PATIENCE, eventually};
use rowcast::protocol::Role;
use sqlx::PgPool;
use std::future::Future;
use tokio::{task::JoinSet, time::timeout};

/// Clients at once.
const CLIENTS: usize = 50;

/// All of them at once.
async fn together<F>(asks: impl IntoIterator<Item = F>) -> Vec<Reply>
where
    F: Future<Output = Reply> + Send + 'static,
{
    let mut tasks: JoinSet<Reply> = asks.into_iter().collect();
    let mut replies = Vec::new();
    while let Some(reply) = timeout(PATIENCE, tasks.join_next()).await.expect("in time") {
        replies.push(reply.expect("does not panic"));
    }
    replies
}

/// As programs do that are told to come back.
async fn patiently(caller: Caller, path: String, body: String) -> Reply {
    loop {
        let reply = caller.post(&path, &body).await;
        if reply.status != 503 {
            return reply;
        }
    }
}

async fn placing(caller: Caller, lines: Vec<(i64, i64)>) -> Reply {
    patiently(caller, "/api/orders".to_owned(), order(&lines)).await
}

async fn stepping(caller: Caller, id: i64, step: &'static str, body: &'static str) -> Reply {
    patiently(caller, format!("/api/orders/{id}/{step}"), body.to_owned()).await
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

#[sqlx::test(migrations = false)]
async fn of_fifty_who_want_the_last_item_one_gets_it(pool: PgPool) {
    let server = with_shop(&pool).await;
    sql(&pool, "update public.products set quantity = 1 where id = 3").await;
    let mut callers = Vec::new();
    for client in 0..CLIENTS {
        let (_, cookie) = person(&pool, &format!("Client{client}"), Role::Customer).await;
        callers.push(Caller::new(&server, &cookie));
    }
    let asks = callers.into_iter().map(|caller| placing(caller, vec![(3, 1)]));
    let replies = together(asks).await;
    assert_eq!((count(&replies, 201), count(&replies, 409)), (1, CLIENTS - 1), "{replies:?}");
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.code() == "out_of_stock"));
    assert_eq!(left(&pool, 3).await, 0);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.orders").await, 1);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event where type = 'StockReserved'").await, 1);
    super::all_is_well(&pool, 41).await;
}

#[sqlx::test(migrations = false)]
async fn of_fifty_who_want_some_as_many_get_some_as_there_are(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let asks = (0..CLIENTS).map(|_| placing(caller.clone(), vec![(4, 3)]));
    let replies = together(asks).await;
    assert_eq!((count(&replies, 201), left(&pool, 4).await), (3, 1), "three times three of ten");
    super::all_is_well(&pool, 50).await;
}

#[sqlx::test(migrations = false)]
async fn orders_of_the_same_products_in_opposite_orders_do_not_stop_each_other(pool: PgPool) {
    let server = with_shop(&pool).await;
    sql(&pool, "update public.products set quantity = 1000").await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let asks = (0..CLIENTS as i64).map(|client| {
        let mut lines = vec![(1, 1 + client % 3), (2, 2), (3, 1), (4, 1), (5, 1)];
        if client % 2 == 0 {
            lines.reverse();
        }
        lines.rotate_left(client as usize % 5);
        placing(caller.clone(), lines)
    });
    let replies = together(asks).await;
    assert_eq!(count(&replies, 201), CLIENTS, "{replies:?}");
    assert_eq!((left(&pool, 2).await, left(&pool, 3).await), (900, 950));
    super::all_is_well(&pool, 5_000).await;
}

#[sqlx::test(migrations = false)]
async fn whoever_waits_for_a_product_holds_none_that_comes_after_it(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let mut holder = pool.begin().await.expect("begins");
    sqlx::query("select from public.products where id = 1 for update").execute(&mut *holder).await.expect("locks");
    let waiting = tokio::spawn(placing(caller, vec![(5, 1), (1, 1), (3, 1)]));
    let waits = "select exists (select from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.datname = current_database())";
    eventually("it waits", || async { value::<bool>(&pool, waits).await }).await;
    sql(&pool, "begin; select from public.products where id in (3, 5) for update nowait; rollback").await;
    holder.rollback().await.expect("lets go");
    assert_eq!(waiting.await.expect("does not panic").status, 201);
}

#[sqlx::test(migrations = false)]
async fn placing_and_giving_up_at_the_same_time_loses_no_piece(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let mut placed = Vec::new();
    for product in 1..=5 {
        placed.push(caller.post("/api/orders", &order(&[(product, 2), (product % 5 + 1, 2)])).await.id());
    }
    let cancel = placed.into_iter().map(|id| tokio::spawn(stepping(caller.clone(), id, "cancel", "")));
    let cancelled: Vec<_> = cancel.collect();
    let place = (0..30).map(|n| placing(caller.clone(), vec![(n % 5 + 1, 1), ((n + 2) % 5 + 1, 1)]));
    let replies = together(place).await;
    for task in cancelled {
        assert_eq!(task.await.expect("does not panic").status, 200);
    }
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.code() == "out_of_stock"), "{replies:?}");
    super::all_is_well(&pool, 50).await;
}

#[sqlx::test(migrations = false)]
async fn of_two_who_cancel_at_once_one_does_and_pieces_come_back_once(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    for _ in 0..5 {
        let id = caller.order(1, 4).await.id();
        let asks = ["cancel", "cancel", "pay"].map(|step| stepping(caller.clone(), id, step, ""));
        let replies = together(asks).await;
        let cancelled =
            replies.iter().filter(|reply| reply.body["state"] == "cancelled" && reply.status == 200).count();
        assert_eq!((cancelled, left(&pool, 1).await), (1, 10), "{replies:?}");
    }
    super::all_is_well(&pool, 50).await;
}

#[sqlx::test(migrations = false)]
async fn of_two_who_name_the_version_they_saw_one_is_told_of_the_other(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    for _ in 0..5 {
        let id = caller.order(2, 1).await.id();
        let asks = ["pay", "cancel"].map(|step| stepping(caller.clone(), id, step, r#"{"version":1}"#));
        let replies = together(asks).await;
        assert_eq!((count(&replies, 200), count(&replies, 409)), (1, 1), "{replies:?}");
        let refused = replies.iter().find(|reply| reply.status == 409).expect("one");
        assert_eq!((refused.code(), refused.body["version"].as_i64()), ("version_conflict", Some(2)));
        sql(&pool, "update public.products set quantity = 10 where id = 2 and quantity < 3").await;
    }
}
