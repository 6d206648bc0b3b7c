//! The same request twice under one key is carried out once.

use super::{Caller, left, order, person, rows, script, show, sql, value, with_shop, with_tables};
use crate::support::{Server, eventually};
use rowcast::{hub::Policy, identity::Anonymous, orders, protocol::Role, rights};
use serde_json::json;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::path::PathBuf;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    sync::watch,
};

async fn placed(pool: &PgPool) -> i64 {
    value(pool, "select count(*) from public.orders").await
}

#[sqlx::test(migrations = false)]
async fn a_request_that_comes_twice_is_carried_out_once_and_answered_the_same(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let first = caller.keyed("/api/orders", "k1", &order(&[(1, 2)])).await;
    let again =
        caller.keyed("/api/orders", "k1", r#" { "lines": [ {"quantity":2, "product_id":1} ], "note": "" } "#).await;
    assert_eq!((first.status, &first), (201, &again), "what is asked counts, not how it is written");
    assert_eq!((placed(&pool).await, left(&pool, 1).await), (1, 8));
    let pay = format!("/api/orders/{}/pay", first.id());
    let paid = caller.keyed(&pay, "k2", "").await;
    assert_eq!((paid.status, &paid), (200, &caller.keyed(&pay, "k2", "").await));
    assert_eq!(caller.post(&pay, "").await.code(), "illegal_step", "without a key it is another request");
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event where type = 'OrderPaid'").await, 1);
}

#[sqlx::test(migrations = false)]
async fn two_that_come_at_the_same_time_are_one_order(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    for round in 0..5 {
        let (key, body) = (format!("round-{round}"), order(&[(1, 1), (2, 1)]));
        let [a, b, c] = [(); 3].map(|()| caller.keyed("/api/orders", &key, &body));
        let (a, b, c) = tokio::join!(a, b, c);
        assert_eq!((a.status, &a, &a), (201, &b, &c));
    }
    assert_eq!((placed(&pool).await, left(&pool, 1).await), (5, 5));
}

#[sqlx::test(migrations = false)]
async fn a_key_belongs_to_whoever_sent_it_and_to_what_they_asked(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (_, cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (_, bob) = person(&pool, "Bob", Role::Customer).await;
    let (cleo, bob) = (Caller::new(&server, &cleo), Caller::new(&server, &bob));
    let id = cleo.keyed("/api/orders", "k", &order(&[(1, 1)])).await.id();
    let of_bob = bob.keyed("/api/orders", "k", &order(&[(1, 1)])).await.id();
    assert_ne!(id, of_bob);
    for (path, body) in [
        ("/api/orders".to_owned(), order(&[(1, 2)])),
        ("/api/orders".to_owned(), order(&[(2, 1)])),
        (format!("/api/orders/{id}/pay"), String::new()),
    ] {
        let refused = cleo.keyed(&path, "k", &body).await;
        assert_eq!((refused.status, refused.code()), (422, "key_reused"), "{path} {body}");
    }
    assert_eq!((placed(&pool).await, left(&pool, 1).await), (2, 8));
}

#[sqlx::test(migrations = false)]
async fn a_step_that_hid_the_order_from_whoever_did_it_is_answered_the_same_again(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let id = caller.order(1, 1).await.id();
    let policy = Policy { filter: Some("state = 'placed'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "public.orders", policy).await.expect("grants");
    let pay = format!("/api/orders/{id}/pay");
    let paid = caller.keyed(&pay, "k", "").await;
    assert_eq!((paid.status, &paid), (200, &caller.keyed(&pay, "k", "").await));
    assert_eq!(caller.keyed(&pay, "another", "").await.status, 404);
}

#[sqlx::test(migrations = false)]
async fn while_the_first_request_under_a_key_has_not_ended_nobody_is_told_that_nothing_was_done(pool: PgPool) {
    let server = with_shop(&pool).await;
    let who = script(&pool, Role::Staff).await;
    let caller = Caller::new(&server, &who);
    let token: i64 = value(&pool, "select id from rowcast.token").await;
    // As one does whose commit takes for ever.
    let mut first = pool.begin().await.expect("begins");
    let claim = format!(
        "insert into public.order_requests (principal, key, request) values ('token:{token}', 'k', sha256('something'))"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(claim)).execute(&mut *first).await.expect("claims");
    let refused = caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await;
    assert_eq!((refused.status, refused.code()), (503, "unconfirmed"));
    first.rollback().await.expect("rolls back");
    assert_eq!(caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await.status, 201);
}

#[sqlx::test(migrations = false)]
async fn what_was_refused_may_be_sent_again_under_the_same_key(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    sql(&pool, "update public.products set quantity = 0 where id = 1").await;
    assert_eq!(caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await.code(), "out_of_stock");
    sql(&pool, "update public.products set quantity = 1 where id = 1").await;
    assert_eq!(caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await.status, 201);
}

#[sqlx::test(migrations = false)]
async fn after_a_day_a_key_is_new_again_and_swept_away(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let first = caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await.id();
    caller.keyed("/api/orders", "young", &order(&[(1, 1)])).await.id();
    sql(&pool, "update public.order_requests set at = now() - interval '25 hours' where key = 'k'").await;
    let second = caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await.id();
    assert_ne!(first, second, "expired, though nobody has swept");
    sql(&pool, "update public.order_requests set at = now() - interval '25 hours' where key = 'k'").await;
    sql(
        &pool,
        "insert into public.notifications (account, kind, title, body, link, at, read_at) values
            (1, 'order_paid', 'old and read', '', '/', now() - interval '31 days', now()),
            (1, 'order_paid', 'old', '', '/', now() - interval '31 days', null),
            (1, 'order_paid', 'very old', '', '/', now() - interval '181 days', null)",
    )
    .await;
    orders::sweep_once(&pool).await.expect("sweeps");
    assert_eq!(rows(&pool, "select key from public.order_requests").await, json!([{"key": "young"}]));
    assert_eq!(rows(&pool, "select title from public.notifications").await, json!([{"title": "old"}]));
    sql(&pool, "drop table public.order_requests").await;
    orders::sweep_once(&pool).await.expect("does nothing where there are no orders");
}

#[sqlx::test(migrations = false)]
async fn a_key_that_is_taken_anew_while_it_is_swept_stays(pool: PgPool) {
    let server = with_shop(&pool).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    caller.keyed("/api/orders", "k", &order(&[(1, 1)])).await.id();
    sql(&pool, "update public.order_requests set at = now() - interval '25 hours'").await;
    let mut renewal = pool.begin().await.expect("begins");
    sqlx::query("update public.order_requests set at = now()").execute(&mut *renewal).await.expect("renews");
    let sweep = tokio::spawn({
        let pool = pool.clone();
        async move { orders::sweep_once(&pool).await }
    });
    let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%order_requests%'
         and datname = current_database()";
    eventually("it waits", || async { value::<i64>(&pool, waits).await >= 1 }).await;
    renewal.commit().await.expect("commits");
    sweep.await.expect("ends").expect("sweeps");
    assert_eq!(rows(&pool, "select key from public.order_requests").await, json!([{"key": "k"}]));
}

/// A way to the database, and what cuts it: the connections that there are end then, and others may begin.
async fn way_to(pool: &PgPool) -> (PgConnectOptions, watch::Sender<()>) {
    let socket = "select trim(split_part(current_setting('unix_socket_directories'), ',', 1), ' \"') || '/.s.PGSQL.'
        || current_setting('port')";
    let socket: PathBuf = value::<String>(pool, socket).await.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let (cut, cuts) = watch::channel(());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let Ok(mut database) = UnixStream::connect(&socket).await else { return };
            let mut cuts = cuts.clone();
            cuts.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut database) => {}
                    _ = cuts.changed() => {}
                }
            });
        }
    });
    let options = pool.connect_options();
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(options.get_username())
        .database(options.get_database().expect("a database"))
        .ssl_mode(PgSslMode::Disable);
    (options, cut)
}

/// The database ends the transaction, and whoever waits for that has lost the connection.
#[sqlx::test(migrations = false)]
async fn what_was_carried_out_and_not_confirmed_is_found_under_its_key(pool: PgPool) {
    const HELD: i64 = 4_711;
    with_tables(&pool).await;
    show(&pool).await;
    let (options, cut) = way_to(&pool).await;
    let anywhere = "127.0.0.1:0".parse().expect("an address");
    let server = Server::over(options, anywhere, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let caller = Caller::new(&server, &script(&pool, Role::Staff).await);
    let holds = format!(
        "create function public.hold() returns trigger language plpgsql as $$
             begin perform pg_advisory_xact_lock({HELD}); return null; end
         $$;
         create constraint trigger hold after insert on public.orders deferrable initially deferred
             for each row execute function public.hold()"
    );
    sql(&pool, &holds).await;
    let lose_the_end = async |key: Option<&'static str>| {
        let mut holder = pool.begin().await.expect("begins");
        sqlx::query("select pg_advisory_xact_lock($1)").bind(HELD).execute(&mut *holder).await.expect("holds");
        let caller = caller.clone();
        let asked = tokio::spawn(async move {
            match key {
                Some(key) => caller.keyed("/api/orders", key, &order(&[(1, 2)])).await,
                None => caller.order(1, 2).await,
            }
        });
        let waits = format!(
            "select count(*) from pg_locks l join pg_database d on d.oid = l.database
             where d.datname = current_database() and l.locktype = 'advisory' and l.objid = {HELD} and not l.granted"
        );
        eventually("it is about to end", || async { value::<i64>(&pool, &waits).await == 1 }).await;
        cut.send_replace(());
        holder.commit().await.expect("lets go");
        asked.await.expect("is answered")
    };
    let found = lose_the_end(Some("k")).await;
    assert_eq!((found.status, placed(&pool).await, left(&pool, 1).await), (201, 1, 8), "{found:?}");
    assert_eq!(found, caller.keyed("/api/orders", "k", &order(&[(1, 2)])).await);

    eventually("the server is well again", || async { caller.get("/readyz").await.status == 200 }).await;
    let unknown = lose_the_end(None).await;
    assert_eq!((unknown.status, unknown.code()), (503, "unconfirmed"), "without a key nobody asks for it again");
    eventually("it was placed", || async { placed(&pool).await == 2 }).await;
}
