//! Rooms over real sockets: who is there, what is said, who may, and what becomes of those who read slowly.

use crate::support::{
    Client, Proxy, Server, allow_rooms,
    client::{Shown, open},
    sql, with_items,
};
use futures::{SinkExt, StreamExt};
use rowcast::{
    hub::rooms::{History, Rule},
    identity::token,
    protocol::Role,
    rules,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Who speak to somebody who reads slowly.
const SPEAKERS: usize = 12;

async fn served(pool: &PgPool) -> Server {
    with_items(pool).await;
    allow_rooms(pool, "chat:*").await;
    Server::start(pool).await
}

#[sqlx::test(migrations = false)]
async fn people_in_a_room_see_each_other_come_change_speak_and_go(pool: PgPool) {
    let server = served(&pool).await;
    let (mut ann, mut bob) = (Client::connected(&server).await, Client::connected(&server).await);
    let seat = ann.join("chat:a", json!("ann")).await;
    let other = bob.join("chat:a", json!("bob")).await;
    bob.until("bob sees both", |_| other.states() == [r#""ann""#, r#""bob""#]).await;
    ann.until("ann sees both", |_| seat.count() == 2).await;
    bob.set_state("chat:a", json!("typing")).await;
    ann.until("ann sees bob's new state", |_| seat.states() == [r#""ann""#, r#""typing""#]).await;
    bob.publish("chat:a", json!({"text": "hello"})).await;
    ann.until("ann hears it", |_| seat.messages() == [json!({"text": "hello"})]).await;
    let before = Instant::now();
    bob.leave().await;
    ann.until("ann sees bob go", |_| seat.count() == 1).await;
    assert!(before.elapsed() < Duration::from_secs(3), "a goodbye is not a loss: {:?}", before.elapsed());
}

#[sqlx::test(migrations = false)]
async fn a_lost_connection_that_comes_back_is_not_seen_to_go_and_one_that_does_not_is(pool: PgPool) {
    let server = served(&pool).await;
    let (mut ann, mut bob) = (Client::connected(&server).await, Client::connected(&server).await);
    let seat = ann.join("chat:a", json!("ann")).await;
    let other = bob.join("chat:a", json!("bob")).await;
    ann.until("ann sees both", |_| seat.count() == 2).await;
    seat.watch();
    bob.disconnect();
    bob.connect().await;
    bob.until("bob is back", |_| other.is_joined()).await;
    bob.publish("chat:a", json!("back")).await;
    ann.until("ann hears bob", |_| seat.messages().len() == 1).await;
    assert_eq!((seat.fewest(), seat.count()), (2, 2));
    let before = Instant::now();
    bob.disconnect();
    ann.until("bob is given up", |_| seat.count() == 1).await;
    assert!(before.elapsed() > Duration::from_secs(4), "not before the grace is over: {:?}", before.elapsed());
}

#[sqlx::test(migrations = false)]
async fn rules_are_followed_live(pool: PgPool) {
    with_items(&pool).await;
    allow_rooms(&pool, "chat:*").await;
    // Refused rooms are asked for again with each heartbeat.
    let server = Server::start_with(&pool, |config| config.live.heartbeat_seconds = 1).await;
    let mut client = Client::connected(&server).await;
    let secret = client.ask_to_join("secret", json!(1)).await;
    client.until("it is refused", |_| secret.is_refused()).await;
    let filter = "name = $room".to_owned();
    let history = Some(History { table: "items".to_owned(), filter, order: Vec::new(), limit: None });
    let rule = Rule { pattern: "secret".to_owned(), role: Role::Anonymous, may_publish: false, history };
    rules::allow(&pool, &rule).await.expect("allows");
    client.until("it is let in, without asking by hand", |_| secret.is_joined()).await;
    assert!(secret.has_history());
    client.publish("secret", json!(1)).await;
    client.until("it may not speak", |client| client.heard.iter().any(|frame| frame.contains("not_allowed"))).await;
    sql(&pool, "delete from rowcast.room where pattern = 'secret'").await;
    client.until("it is out at once", |_| secret.is_refused()).await;
    let seat = client.join("chat:a", json!(1)).await;
    sql(&pool, "truncate rowcast.room").await;
    client.until("of all rooms", |_| seat.is_refused()).await;
    let refused = sql_error(&pool, "insert into rowcast.room values ('a b', 'staff')").await;
    assert!(refused.contains("room_pattern_is_one"), "{refused}");
}

async fn sql_error(pool: &PgPool, statement: &'static str) -> String {
    sqlx::raw_sql(statement).execute(pool).await.expect_err("is refused").to_string()
}

/// Whatever is said with a `ref`: one answer, and the connection stays.
#[sqlx::test(migrations = false)]
async fn every_frame_that_asks_for_an_answer_gets_exactly_one(pool: PgPool) {
    let server = served(&pool).await;
    let mut socket = open(server.address).await;
    let long = "x".repeat(17_000);
    let frames = [
        (json!({"type": "join", "room": "chat:a"}), "ack"),
        (json!({"type": "join", "room": "chat:a", "state": 1}), "ack"),
        (json!({"type": "state", "room": "chat:a", "state": {}}), "ack"),
        (json!({"type": "publish", "room": "chat:a", "event": "e", "payload": null, "echo": true}), "ack"),
        (json!({"type": "leave", "room": "chat:a"}), "ack"),
        (json!({"type": "leave", "room": "chat:a"}), "not_joined"),
        (json!({"type": "state", "room": "chat:a", "state": {}}), "not_joined"),
        (json!({"type": "publish", "room": "chat:a", "event": "e", "payload": 1}), "not_joined"),
        (json!({"type": "join", "room": "attic"}), "unknown_room"),
        (json!({"type": "join", "room": "chat:*"}), "invalid_room"),
        (json!({"type": "join", "room": "chat:a", "state": long}), "payload_too_large"),
        (json!({"type": "join", "room": 5}), "malformed_frame"),
        (json!({"type": "publish", "room": "chat:a"}), "malformed_frame"),
        (json!({"type": "direct", "to": "1", "event": "e", "payload": 1}), "unknown_person"),
        (json!({"type": "direct", "to": "", "event": "e", "payload": 1}), "unknown_person"),
        (json!({"type": "broadcast", "event": "e", "payload": 1}), "not_allowed"),
        (json!({"type": "dance"}), "unknown_type"),
    ];
    for (number, (frame, _)) in frames.iter().enumerate() {
        let mut frame = frame.clone();
        frame["ref"] = json!(format!("r{number}"));
        socket.send(Message::text(frame.to_string())).await.expect("sends");
    }
    socket.send(Message::text(r#"{"type":"ping","t":1}"#)).await.expect("sends");
    let mut answers: Vec<(String, String)> = Vec::new();
    loop {
        let Some(Ok(message)) = socket.next().await else { panic!("the connection ended after {answers:?}") };
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        if frame["type"] == "pong" {
            break;
        }
        if let Some(name) = frame["ref"].as_str() {
            let word = frame["code"].as_str().or(frame["type"].as_str()).expect("a word");
            answers.push((name.to_owned(), word.to_owned()));
        }
    }
    let expected: Vec<_> =
        frames.iter().enumerate().map(|(number, (_, word))| (format!("r{number}"), (*word).to_owned())).collect();
    assert_eq!(answers, expected);
}

#[sqlx::test(migrations = false)]
async fn who_says_too_much_is_told_and_not_heard(pool: PgPool) {
    let server = served(&pool).await;
    let (mut ann, mut bob) = (Client::connected(&server).await, Client::connected(&server).await);
    let seat = ann.join("chat:a", json!("ann")).await;
    bob.join("chat:a", json!("bob")).await;
    for number in 0..200 {
        bob.publish("chat:a", json!(number)).await;
    }
    bob.until("bob is told", |client| client.heard.iter().any(|frame| frame.contains("rate_limited"))).await;
    bob.until("all is answered", |client| {
        client.heard.iter().filter(|frame| frame.contains(r#""ref":"publish""#)).count() == 200
    })
    .await;
    ann.until("ann hears the first", |_| seat.messages().len() >= 50).await;
    assert!(seat.messages().len() < 150, "{}", seat.messages().len());
}

#[sqlx::test(migrations = false)]
async fn who_reads_slowly_is_told_what_was_missed_and_its_rows_stay_exact(pool: PgPool) {
    let server = served(&pool).await;
    let proxy = Proxy::to(server.address).await;
    let mut slow = Client::of(proxy.address);
    slow.connect().await;
    let items = slow.subscribe("items", &["id"]).await;
    let seat = slow.join("chat:a", json!("slow")).await;
    slow.until_live().await;
    proxy.stall(true);
    let mut speakers = Vec::new();
    // More than the network's own buffers take.
    for number in 0..SPEAKERS {
        let mut speaker = Client::connected(&server).await;
        speaker.join("chat:a", json!(number)).await;
        for _ in 0..50 {
            speaker.publish("chat:a", json!("x".repeat(16_000))).await;
        }
        speaker
            .until("all is said", |client| {
                client.heard.iter().filter(|frame| frame.contains(r#""ref":"publish""#)).count() == 50
            })
            .await;
        speakers.push(speaker);
    }
    sql(&pool, "insert into items select n, 'row ' || n from generate_series(1, 100) n").await;
    proxy.stall(false);
    slow.until("it is told that it missed something", |_| seat.missed() > 0).await;
    slow.until("and who is there", |_| seat.count() == SPEAKERS + 1).await;
    slow.until("and all rows", |client| client.rows(items).len() == 100).await;
    assert!(seat.messages().len() < SPEAKERS * 50, "not everything fitted");
    // The others have yet to read what they said to each other, and are not read from meanwhile.
    let mut fresh = Client::connected(&server).await;
    fresh.join("chat:a", json!("fresh")).await;
    fresh.publish("chat:a", json!("after")).await;
    slow.until("it hears again what is said", |_| seat.messages().last() == Some(&json!("after"))).await;
}

/// What a script shows, with the number of its token.
async fn with_token(pool: &PgPool, role: Role) -> (i64, Shown) {
    let new = token::New { name: "script", role, tables: None, days: None };
    let (id, token) = token::create(pool, &new).await.expect("makes");
    (id, ("authorization", format!("Bearer {token}")))
}

#[sqlx::test(migrations = false)]
async fn persons_are_written_to_admins_speak_to_all_and_who_is_signed_out_has_left(pool: PgPool) {
    let server = served(&pool).await;
    let rule = |pattern: &str| Rule { pattern: pattern.into(), role: Role::Staff, may_publish: true, history: None };
    rules::allow(&pool, &rule("direct:*")).await.expect("allows");
    rules::allow(&pool, &rule("user:$user.id")).await.expect("allows");
    let ((_, one), (number, other), (_, boss)) = (
        with_token(&pool, Role::Staff).await,
        with_token(&pool, Role::Staff).await,
        with_token(&pool, Role::Admin).await,
    );
    let mut ann = Client::somebody(&server, one).await;
    let mut bob = [Client::somebody(&server, other.clone()).await, Client::somebody(&server, other).await];
    let mut boss = Client::somebody(&server, boss).await;
    let id = format!("token:{number}");
    let seat = ann.join("chat:a", json!("ann")).await;
    bob[0].join("chat:a", json!("bob")).await;
    bob[0].join(&format!("user:{id}"), json!(null)).await;
    let private = ann.ask_to_join(&format!("user:{id}"), json!(null)).await;
    ann.until("the room is another's", |_| private.is_refused()).await;
    let direct = json!({"type": "direct", "to": id, "event": "nudge", "payload": {}, "ref": "d"});
    ann.say(direct.to_string()).await;
    ann.until("it went to both", |client| client.heard.iter().any(|f| f == r#"{"type":"ack","ref":"d","sessions":2}"#))
        .await;
    for client in &mut bob {
        client.until("bob hears it", |client| client.has_heard("direct")).await;
    }
    boss.say(direct.to_string()).await;
    boss.until("no rule lets an admin", |client| client.heard.iter().any(|f| f.contains("unknown_person"))).await;
    boss.say(json!({"type": "broadcast", "event": "e", "payload": 1}).to_string()).await;
    ann.until("ann hears the admin", |client| client.has_heard("broadcast")).await;
    ann.until("ann sees bob", |_| seat.count() == 2).await;
    let before = Instant::now();
    token::revoke(&pool, number).await.expect("revokes");
    ann.until("bob is gone", |_| seat.count() == 1).await;
    assert!(before.elapsed() < Duration::from_secs(4), "at once: {:?}", before.elapsed());
}
