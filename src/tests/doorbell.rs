//! No wake-up is lost, none is rung for nothing, and whoever cannot be rung for looks by himself.

use crate::support::{Client, Dice, PATIENCE, Server, eventually, sql, value, with_items};
use rowcast::{
    changelog::{Tailer, WakeUp},
    hub::Hub,
};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    sync::watch,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Far below the safety poll of two seconds: what takes longer was not rung for.
const AT_ONCE: Duration = Duration::from_millis(800);
const LOCK_HELD: &str = "select exists (select from pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and l.locktype = 'advisory' and l.classid = 1919907683 and l.objid = 1 and l.mode = 'ExclusiveLock')";

async fn asleep(pool: &PgPool) {
    eventually("the tailer falls asleep", || async { value(pool, LOCK_HELD).await }).await;
}

async fn live(server: &Server) -> (Client, u64) {
    let mut client = Client::connected(server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    (client, items)
}

/// A transaction that wrote while the tailer was awake: until it ends, the tailer cannot fall asleep.
async fn keep_awake(pool: &PgPool) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "the tailer is never found awake");
        sql(pool, "insert into items values (2) on conflict (id) do update set name = items.name || '.'").await;
        let mut open = pool.begin().await.expect("begins");
        sqlx::query("insert into items values (3)").execute(&mut *open).await.expect("writes");
        let shared = "select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory')";
        if sqlx::query_scalar(shared).fetch_one(&mut *open).await.expect("reads") {
            return open;
        }
        open.rollback().await.expect("rolls back");
    }
}

/// Writes at random gaps, around the time that the tailer takes to fall asleep, and returns how long each took to arrive.
async fn write_and_see(pool: &PgPool, client: &mut Client, items: u64, writes: u64) -> Vec<Duration> {
    let mut dice = Dice::new(5);
    let mut taken = Vec::new();
    for n in 0..writes {
        tokio::time::sleep(Duration::from_micros(dice.roll(25_000))).await;
        let before = Instant::now();
        sql(pool, &format!("update items set name = 'n{n}' where id = 1")).await;
        let text = format!(r#""n{n}""#);
        client.until("the write arrives", |client| client.row(items, "1").is_some_and(|row| row.contains(&text))).await;
        taken.push(before.elapsed());
    }
    taken.sort();
    taken
}

#[sqlx::test(migrations = false)]
async fn every_single_write_arrives_without_waiting_for_the_safety_poll(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    let taken = write_and_see(&pool, &mut client, items, 500).await;
    let (median, longest) = (taken[taken.len() / 2], taken[taken.len() - 1]);
    println!(
        "from before the write to the client: median {median:?}, 99 % {:?}, longest {longest:?}",
        taken[taken.len() * 99 / 100]
    );
    assert!(longest < AT_ONCE, "{longest:?}");
}

#[sqlx::test(migrations = false)]
async fn writers_ring_only_while_the_tailer_sleeps(pool: PgPool) {
    with_items(&pool).await;
    let mut listener = PgListener::connect_with(&pool).await.expect("connects");
    listener.listen("rowcast").await.expect("listens");
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    asleep(&pool).await;
    assert!(listener.next_buffered().is_none(), "nobody rings where nobody sleeps");
    sql(&pool, "update items set name = 'wake up' where id = 1").await;
    assert_eq!(
        tokio::time::timeout(PATIENCE, listener.recv()).await.expect("in time").expect("receives").payload(),
        ""
    );
    let open = keep_awake(&pool).await;
    sql(&pool, "notify rowcast, 'begin'").await;
    for n in 0..300 {
        sql(&pool, &format!("update items set name = 'n{n}' where id = 1")).await;
    }
    client.until("the last one", |client| client.row(items, "1").is_some_and(|row| row.contains(r#""n299""#))).await;
    sql(&pool, "notify rowcast, 'end'").await;
    while listener.recv().await.expect("receives").payload() != "begin" {}
    assert_eq!(listener.recv().await.expect("receives").payload(), "end", "nobody rings where somebody is awake");
    open.rollback().await.expect("rolls back");
    server.kill();
    eventually("its lock is gone", || async { !value::<bool>(&pool, LOCK_HELD).await }).await;
    sql(&pool, "update items set name = 'nobody is there'; notify rowcast, 'end'").await;
    assert_eq!(listener.recv().await.expect("receives").payload(), "end", "nobody rings where nobody is");
}

#[sqlx::test(migrations = false)]
async fn losing_the_listening_connection_loses_nothing(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let server = Server::start(&pool).await;
    let (mut client, items) = live(&server).await;
    for n in 0..5 {
        asleep(&pool).await;
        sql(&pool, "select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and l.locktype = 'advisory' and l.mode = 'ExclusiveLock'").await;
        sql(&pool, &format!("update items set name = 'n{n}' where id = 1")).await;
        let text = format!(r#""n{n}""#);
        client.until("the write arrives", |client| client.row(items, "1").is_some_and(|row| row.contains(&text))).await;
    }
    client.until("it is said to be well again", |client| client.available == Some(true)).await;
    assert!(!client.has_heard("resync"));
    let snapshots = client.heard.iter().filter(|frame| frame.contains(r#""type":"snapshot""#)).count();
    assert_eq!(snapshots, 1, "only the first");
}

#[sqlx::test(migrations = false)]
async fn poll_mode_needs_no_ringing(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let mut listener = PgListener::connect_with(&pool).await.expect("connects");
    listener.listen("rowcast").await.expect("listens");
    let server = Server::start_polling(&pool).await;
    let (mut client, items) = live(&server).await;
    let taken = write_and_see(&pool, &mut client, items, 40).await;
    assert!(taken[39] < AT_ONCE, "{taken:?}");
    assert!(listener.next_buffered().is_none(), "nobody is asked to ring");
    assert!(!value::<bool>(&pool, LOCK_HELD).await);
}

#[sqlx::test(migrations = false)]
async fn two_servers_on_one_database_both_see_everything(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let (first, second) = (Server::start(&pool).await, Server::start(&pool).await);
    let (mut one, one_items) = live(&first).await;
    let (mut two, two_items) = live(&second).await;
    asleep(&pool).await;
    sql(&pool, "update items set name = 'both' where id = 1").await;
    let before = Instant::now();
    for (client, items) in [(&mut one, one_items), (&mut two, two_items)] {
        client.until("it arrives", |client| client.row(items, "1").is_some_and(|row| row.contains("both"))).await;
    }
    assert!(before.elapsed() < AT_ONCE);
    first.kill();
    sql(&pool, "update items set name = 'still' where id = 1").await;
    two.until("it arrives", |client| client.row(two_items, "1").is_some_and(|row| row.contains("still"))).await;
}

/// As long as a test lasts, and longer.
const NEVER: Duration = Duration::from_secs(3600);
const LEADER: &str = "select coalesce((select l.pid from pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and l.locktype = 'advisory' and l.classid = 1919907683 and l.objid = 2 and l.granted), 0)";

/// A server without a socket, which looks for nothing that nobody rang for.
struct Node {
    hub: Arc<Hub>,
    _stop: DropGuard,
}

impl Node {
    async fn start(pool: &PgPool, safety_poll: Duration) -> Self {
        let tailer = Tailer::start(pool.clone(), WakeUp::Auto).await.expect("starts").with_safety_poll(safety_poll);
        let (hub, stop) = (tailer.hub().clone(), CancellationToken::new());
        tokio::spawn(tailer.run(stop.clone()));
        Self { hub, _stop: stop.drop_guard() }
    }

    /// How long it takes to learn of a transaction.
    async fn learns(&self, transaction: u64) -> Duration {
        let before = Instant::now();
        while !self.hub.token().position.includes(transaction) {
            assert!(before.elapsed() < PATIENCE, "it does not learn of it");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        before.elapsed()
    }
}

/// Updates an item; the number of the transaction.
async fn update(pool: &PgPool) -> u64 {
    let sql = "update items set name = name || '.' where id = 1 returning pg_current_xact_id()::text";
    value::<String>(pool, sql).await.parse().expect("a number")
}

#[sqlx::test(migrations = false)]
async fn of_several_servers_one_is_rung_for_and_rings_for_the_others(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let nodes = [Node::start(&pool, NEVER).await, Node::start(&pool, NEVER).await, Node::start(&pool, NEVER).await];
    asleep(&pool).await;
    let mut dice = Dice::new(11);
    let mut taken = Vec::new();
    for _ in 0..150 {
        tokio::time::sleep(Duration::from_micros(dice.roll(40_000))).await;
        let transaction = update(&pool).await;
        for node in &nodes {
            taken.push(node.learns(transaction).await);
        }
    }
    taken.sort();
    println!(
        "from the commit to three hubs: median {:?}, longest {:?}",
        taken[taken.len() / 2],
        taken[taken.len() - 1]
    );
    let mut listener = PgListener::connect_with(&pool).await.expect("connects");
    listener.listen_all(["rowcast_batch"]).await.expect("listens");
    asleep(&pool).await;
    update(&pool).await;
    let heard = tokio::time::timeout(PATIENCE, listener.recv()).await.expect("in time").expect("receives");
    assert_eq!(heard.payload(), "", "a ring says nothing");
}

#[sqlx::test(migrations = false)]
async fn a_server_alone_rings_for_nobody(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let node = Node::start(&pool, NEVER).await;
    let mut listener = PgListener::connect_with(&pool).await.expect("connects");
    listener.listen("rowcast_batch").await.expect("listens");
    for _ in 0..20 {
        node.learns(update(&pool).await).await;
    }
    asleep(&pool).await;
    sql(&pool, "notify rowcast_batch, 'end'").await;
    assert_eq!(listener.recv().await.expect("receives").payload(), "end");
}

#[sqlx::test(migrations = false)]
async fn when_the_leader_dies_another_leads_and_nothing_is_lost(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let mut nodes = vec![Node::start(&pool, NEVER).await, Node::start(&pool, NEVER).await];
    for round in 0..6 {
        asleep(&pool).await;
        let leader = value::<i32>(&pool, LEADER).await;
        assert_ne!(leader, 0);
        sql(&pool, &format!("select pg_terminate_backend({leader})")).await;
        let transaction = update(&pool).await;
        for node in &nodes {
            node.learns(transaction).await;
        }
        if round == 3 {
            // Not only its connection, but all of it.
            nodes.remove(0);
            nodes.push(Node::start(&pool, NEVER).await);
        }
    }
}

/// Those who write at the same time, and what each does.
const WRITERS: i32 = 16;
const WRITES: usize = 100;

#[sqlx::test(migrations = false)]
async fn what_many_write_at_once_is_learned_of_at_once(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, &format!("insert into items select g from generate_series(1, {WRITERS}) g")).await;
    let node = Node::start(&pool, NEVER).await;
    let many = crate::support::pool_of(&pool, 16).await;
    let writers = (1..=WRITERS).map(|id| {
        let (many, hub) = (many.clone(), node.hub.clone());
        tokio::spawn(async move {
            let mut taken = Vec::new();
            let sql = format!("update items set name = 'n' where id = {id} returning pg_current_xact_id()::text");
            for _ in 0..WRITES {
                let transaction = value::<String>(&many, &sql).await.parse().expect("a number");
                let before = Instant::now();
                while !hub.token().position.includes(transaction) {
                    assert!(before.elapsed() < PATIENCE, "it does not learn of it");
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
                taken.push(before.elapsed());
            }
            taken
        })
    });
    let mut taken = futures::future::try_join_all(writers).await.expect("write").concat();
    taken.sort();
    let at = |percent: usize| taken[(taken.len() - 1) * percent / 100];
    println!(
        "from the commit to the hub, {WRITERS} writers: median {:?}, 99 % {:?}, longest {:?}",
        at(50),
        at(99),
        at(100)
    );
    assert!(at(50) < AT_ONCE, "{:?}", at(50));
}

/// Leads to the database until it is told to carry nothing any more, without ending anything.
async fn wire(socket: PathBuf, stalled: watch::Receiver<bool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = UnixStream::connect(&socket).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(carry(from_client, to_server, stalled.clone()));
            tokio::spawn(carry(from_server, to_client, stalled.clone()));
        }
    });
    port
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut stalled: watch::Receiver<bool>) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if stalled.wait_for(|stalled| !stalled).await.is_err() || to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

#[sqlx::test(migrations = false)]
async fn a_connection_that_says_nothing_any_more_is_noticed_and_replaced(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1)").await;
    let socket: String = value(&pool, "select trim(split_part(current_setting('unix_socket_directories'), ',', 1), ' \"') || '/.s.PGSQL.' || current_setting('port')").await;
    let (stall, stalled) = watch::channel(false);
    let port = wire(socket.into(), stalled).await;
    let options = pool.connect_options().as_ref().clone().host("127.0.0.1").port(port);
    let options = match options.get_socket() {
        Some(_) => {
            let (user, database) =
                (options.get_username().to_owned(), options.get_database().expect("a database").to_owned());
            sqlx::postgres::PgConnectOptions::new_without_pgpass()
                .host("127.0.0.1")
                .port(port)
                .username(&user)
                .database(&database)
                .ssl_mode(sqlx::postgres::PgSslMode::Disable)
        }
        None => options,
    };
    let through =
        PgPoolOptions::new().acquire_timeout(Duration::from_secs(2)).connect_with(options).await.expect("connects");
    let node = Node::start(&through, Duration::from_millis(200)).await;
    node.learns(update(&pool).await).await;
    asleep(&pool).await;
    stall.send_replace(true);
    eventually("it is noticed", || async { !node.hub.is_available() }).await;
    let transaction = update(&pool).await;
    stall.send_replace(false);
    node.learns(transaction).await;
    eventually("it is well again", || async { node.hub.is_available() }).await;
}
