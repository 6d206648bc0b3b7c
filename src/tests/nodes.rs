//! Several servers of one database, joined by a real Redis. Any of them, and Redis itself, is killed.

use crate::support::{Client, Node, Redis, Server, allow_rooms, eventually, redis::run, sql, with_items};
use serde_json::json;
use sqlx::{ConnectOptions, PgPool};
use std::time::{Duration, Instant};

async fn prepare(pool: &PgPool) {
    with_items(pool).await;
    allow_rooms(pool, "chat:*").await;
}

async fn joined(pool: &PgPool, redis: &Redis) -> Server {
    let url = redis.url();
    Server::start_with(pool, |config| config.nodes.redis = url).await
}

/// Waits until a client has been told that its server hears the others.
async fn until_joined(client: &mut Client) {
    client.until("the nodes hear each other", |client| nodes(client) == Some(true)).await;
}

/// What a client was told last of the other nodes.
fn nodes(client: &Client) -> Option<bool> {
    client.heard.iter().rev().find_map(|frame| {
        let frame: serde_json::Value = serde_json::from_str(frame).expect("JSON");
        match frame["type"].as_str() {
            Some("nodes") => frame["connected"].as_bool(),
            Some("welcome") => frame["nodes"].as_bool(),
            _ => None,
        }
    })
}

#[sqlx::test(migrations = false)]
async fn three_nodes_are_one_room_and_whoever_moves_to_another_is_not_seen_to_go(pool: PgPool) {
    prepare(&pool).await;
    let redis = Redis::start().await;
    let servers = [joined(&pool, &redis).await, joined(&pool, &redis).await, joined(&pool, &redis).await];
    let (mut clients, mut seats) = (Vec::new(), Vec::new());
    for (number, server) in servers.iter().enumerate() {
        let mut client = Client::connected(server).await;
        until_joined(&mut client).await;
        seats.push(client.join("chat:a", json!(number)).await);
        clients.push(client);
    }
    for (client, seat) in clients.iter_mut().zip(&seats) {
        client.until("all three are seen", |_| seat.states() == ["0", "1", "2"]).await;
    }
    clients[2].publish("chat:a", json!("hello")).await;
    for number in [0, 1] {
        clients[number].until("it is heard", |_| seats[number].messages() == [json!("hello")]).await;
    }
    seats[0].watch();
    let [first, second, third] = servers;
    third.kill();
    clients[2].move_to(&second).await;
    clients[2].until("it is back on another node", |_| seats[2].is_joined()).await;
    clients[2].publish("chat:a", json!("moved")).await;
    clients[0].until("it is heard", |_| seats[0].messages().len() == 2).await;
    // Longer than the killed node's lease: what it held is given up, and the page is held by another.
    let until = Instant::now() + Duration::from_secs(6);
    clients[0].until("the lease is over", |_| Instant::now() > until).await;
    assert_eq!((seats[0].fewest(), seats[0].count()), (3, 3));
    drop(first);
}

#[sqlx::test(migrations = false)]
async fn whom_a_killed_node_held_is_gone_in_time(pool: PgPool) {
    prepare(&pool).await;
    let redis = Redis::start().await;
    let (server, doomed) = (joined(&pool, &redis).await, joined(&pool, &redis).await);
    let (mut ann, mut bob) = (Client::connected(&server).await, Client::connected(&doomed).await);
    until_joined(&mut ann).await;
    until_joined(&mut bob).await;
    let seat = ann.join("chat:a", json!("ann")).await;
    bob.join("chat:a", json!("bob")).await;
    ann.until("ann sees both", |_| seat.count() == 2).await;
    let before = Instant::now();
    doomed.kill();
    ann.until("bob is gone", |_| seat.count() == 1).await;
    assert!(before.elapsed() < Duration::from_secs(6), "{:?}", before.elapsed());
}

#[sqlx::test(migrations = false)]
async fn without_redis_rows_and_local_rooms_live_on_visibly_and_the_rest_heals_by_itself(pool: PgPool) {
    prepare(&pool).await;
    let mut redis = Redis::start().await;
    let servers = [joined(&pool, &redis).await, joined(&pool, &redis).await];
    let mut ann = Client::connected(&servers[0]).await;
    let mut beside = Client::connected(&servers[0]).await;
    let mut bob = Client::connected(&servers[1]).await;
    for client in [&mut ann, &mut beside, &mut bob] {
        until_joined(client).await;
    }
    let items = ann.subscribe("items", &["id"]).await;
    let seat = ann.join("chat:a", json!("ann")).await;
    beside.join("chat:a", json!("beside")).await;
    let far = bob.join("chat:a", json!("bob")).await;
    ann.until("ann sees all", |_| seat.count() == 3).await;
    for _ in 0..2 {
        redis.kill().await;
        ann.until("ann is told", |client| nodes(client) == Some(false)).await;
        bob.until("bob is told", |client| nodes(client) == Some(false)).await;
        sql(&pool, "insert into items select coalesce(max(id), 0) + 1, 'live' from items").await;
        let rows = ann.rows(items).len();
        ann.until("rows are live", |client| client.rows(items).len() > rows).await;
        let said = seat.messages().len();
        beside.publish("chat:a", json!("local")).await;
        ann.until("the local room lives", |_| seat.messages().len() > said).await;
        ann.until("who cannot be heard is not shown for ever", |_| seat.count() == 2).await;
        bob.set_state("chat:a", json!("meanwhile")).await;
        redis.revive().await;
        ann.until("ann is told that it heals", |client| nodes(client) == Some(true)).await;
        ann.until("and sees what became of bob", |_| seat.states().contains(&r#""meanwhile""#.to_owned())).await;
        bob.until("bob sees all", |_| far.count() == 3).await;
    }
}

#[sqlx::test(migrations = false)]
async fn a_server_that_starts_without_redis_serves_and_joins_when_there_is_one(pool: PgPool) {
    prepare(&pool).await;
    let mut redis = Redis::stopped().await;
    let servers = [joined(&pool, &redis).await, joined(&pool, &redis).await];
    let (mut ann, mut bob) = (Client::connected(&servers[0]).await, Client::connected(&servers[1]).await);
    let seat = ann.join("chat:a", json!("ann")).await;
    bob.join("chat:a", json!("bob")).await;
    assert_eq!(nodes(&ann), Some(false));
    redis.revive().await;
    ann.until("ann sees bob", |_| seat.count() == 2).await;
    assert_eq!(nodes(&ann), Some(true));
}

#[sqlx::test(migrations = false)]
async fn servers_of_another_prefix_share_a_redis_and_not_a_room(pool: PgPool) {
    prepare(&pool).await;
    let redis = Redis::start().await;
    let server = joined(&pool, &redis).await;
    let url = redis.url();
    let other = Server::start_with(&pool, |config| {
        config.nodes.redis = url;
        config.nodes.prefix = "another".to_owned();
    })
    .await;
    let (mut ann, mut bob) = (Client::connected(&server).await, Client::connected(&other).await);
    until_joined(&mut ann).await;
    until_joined(&mut bob).await;
    let seat = ann.join("chat:a", json!("ann")).await;
    let far = bob.join("chat:a", json!("bob")).await;
    bob.publish("chat:a", json!("not for ann")).await;
    // A third server is met in that time.
    let third = joined(&pool, &redis).await;
    let mut carl = Client::connected(&third).await;
    until_joined(&mut carl).await;
    carl.join("chat:a", json!("carl")).await;
    ann.until("ann sees carl", |_| seat.count() == 2).await;
    assert_eq!(seat.states(), [r#""ann""#, r#""carl""#]);
    assert_eq!((seat.messages().len(), far.count()), (0, 1));
}

#[sqlx::test(migrations = false)]
async fn processes_are_joined_and_one_that_is_killed_takes_its_people_along(pool: PgPool) {
    prepare(&pool).await;
    let redis = Redis::start().await;
    let url = pool.connect_options().to_url_lossy().to_string();
    let settings = format!("[rowcast.nodes]\nredis = \"{}\"", redis.url());
    let node = Node::start(&url, &settings).await;
    let mut doomed = Node::start(&url, &settings).await;
    let (mut ann, mut bob) = (Client::of(node.address()), Client::of(doomed.address()));
    ann.connect().await;
    bob.connect().await;
    until_joined(&mut ann).await;
    until_joined(&mut bob).await;
    let seat = ann.join("chat:a", json!("ann")).await;
    let far = bob.join("chat:a", json!("bob")).await;
    ann.until("ann sees bob", |_| seat.count() == 2).await;
    bob.until("bob sees ann", |_| far.count() == 2).await;
    doomed.kill().await;
    ann.until("bob is gone", |_| seat.count() == 1).await;
}

#[sqlx::test(migrations = false)]
async fn servers_are_joined_over_tls_if_they_trust_the_certificate(pool: PgPool) {
    prepare(&pool).await;
    let (redis, cert) = Redis::start_with_tls().await;
    let url = pool.connect_options().to_url_lossy().to_string();
    let settings = format!("[rowcast.nodes]\nredis = \"{}\"", redis.url());
    // Whom a system trusts is said so where there is no system to be changed.
    let trusting = [("SSL_CERT_FILE", cert.as_path())];
    let nodes_of = async |address| {
        let mut client = Client::of(address);
        client.connect().await;
        client
    };
    let (one, other) =
        (Node::start_in(&url, &settings, &trusting).await, Node::start_in(&url, &settings, &trusting).await);
    let (mut ann, mut bob) = (nodes_of(one.address()).await, nodes_of(other.address()).await);
    until_joined(&mut ann).await;
    until_joined(&mut bob).await;
    let seat = ann.join("chat:a", json!("ann")).await;
    bob.join("chat:a", json!("bob")).await;
    ann.until("ann sees bob", |_| seat.count() == 2).await;
    let stranger = Node::start(&url, &settings).await;
    let mut carl = nodes_of(stranger.address()).await;
    carl.join("chat:a", json!("carl")).await;
    bob.publish("chat:a", json!("still there")).await;
    ann.until("it is heard", |_| seat.messages().len() == 1).await;
    assert_eq!((nodes(&carl), seat.count()), (Some(false), 2), "whoever does not trust it is alone");
}

#[sqlx::test(migrations = false)]
async fn what_strangers_say_there_changes_nothing_and_is_counted(pool: PgPool) {
    const FLOOD: usize = 3_000;
    const LONG: usize = 3 * 1024 * 1024;
    prepare(&pool).await;
    let redis = Redis::start().await;
    let servers = [joined(&pool, &redis).await, joined(&pool, &redis).await];
    let (mut ann, mut bob) = (Client::connected(&servers[0]).await, Client::connected(&servers[1]).await);
    until_joined(&mut ann).await;
    until_joined(&mut bob).await;
    let seat = ann.join("chat:a", json!("ann")).await;
    bob.join("chat:a", json!("bob")).await;
    ann.until("ann sees bob", |_| seat.count() == 2).await;
    let client = redis::Client::open(redis.url()).expect("an address");
    let mut stranger = client.get_multiplexed_async_connection().await.expect("connects");
    let channels: Vec<String> = redis::cmd("PUBSUB").arg("CHANNELS").query_async(&mut stranger).await.expect("lists");
    let [channel] = channels.as_slice() else { panic!("{channels:?}") };
    let counted = || {
        servers.each_ref().map(|server| {
            let counters = &server.counters;
            (counters.words_malformed.get(), counters.words_refused.get())
        })
    };
    let mut say = async |text: &str, times: usize| {
        let mut together = redis::pipe();
        (0..times).for_each(|_| {
            together.cmd("PUBLISH").arg(channel).arg(text).ignore();
        });
        together.query_async::<()>(&mut stranger).await.expect("publishes");
    };
    say("garbage", FLOOD).await;
    say(&format!("{{\"node\":\"x\",\"seq\":1,\"word\":{}", "[".repeat(1_000)), 10).await;
    let payload = "p".repeat(100_000);
    let long = format!(
        r#"{{"node":"x","seq":1,"word":{{"broadcast":{{"from":{{"id":null,"name":"","session":null}},"event":"e","payload":"{payload}"}}}}}}"#
    );
    say(&long, 100).await;
    let all = FLOOD as u64 + 10;
    eventually("all of it is counted", async || counted().iter().all(|count| *count >= (all, 100))).await;
    bob.publish("chat:a", json!("in between")).await;
    ann.until("it is heard", |_| seat.messages().len() == 1).await;
    assert_eq!((seat.count(), nodes(&ann)), (2, Some(true)));
    // Too long to be read to its end: the connection is given up, and made anew.
    let losses = |client: &Client| client.heard.iter().filter(|frame| frame.contains(r#""connected":false"#)).count();
    let before = [losses(&ann), losses(&bob)];
    say(&"x".repeat(LONG), 1).await;
    for (client, before) in [&mut ann, &mut bob].into_iter().zip(before) {
        client.until("it is told", |client| losses(client) > before).await;
        until_joined(client).await;
    }
    eventually("it is counted", async || counted().iter().all(|count| count.1 > 100)).await;
    bob.publish("chat:a", json!("afterwards")).await;
    ann.until("it is heard", |_| seat.messages().contains(&json!("afterwards"))).await;
    ann.until("ann sees bob", |_| seat.count() == 2).await;
}

#[test]
fn whoever_has_no_redis_is_told_what_to_install() {
    let why = run("no-redis-server-of-this-name", Vec::new()).expect_err("is not there");
    assert!(why.contains("install Debian's redis-server") && why.contains("make test"), "{why}");
}
