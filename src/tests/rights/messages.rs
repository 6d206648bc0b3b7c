//! Every message of a client as every role, and as nobody, against what is written here.

use super::{client_of, with_orders, with_token};
use crate::support::{Client, Server};
use rowcast::{hub::rooms::Rule, protocol::Role, rules};
use serde_json::{Value, json};
use sqlx::PgPool;

/// Nobody, a customer, staff, an administrator, and a token of staff that is for some tables only.
const WHO: [&str; 5] = ["nobody", "customer", "staff", "admin", "some tables"];

/// A message, and for each of those the answer: `ack`, `pong`, or the code of the refusal.
type Row = (fn() -> Value, [&'static str; 5]);

const HIDDEN: &str = "unknown_room";

/// Staff may speak in `chat:…`, customers may listen there, and staff may write to persons. Administrators may speak to all, because
/// they are administrators; nothing else comes with that.
const MATRIX: &[Row] = &[
    (|| json!({"type": "ping", "t": 1}), ["pong"; 5]),
    (|| json!({"type": "unsubscribe", "id": "none"}), ["unknown_id"; 5]),
    (|| json!({"type": "dance"}), ["unknown_type"; 5]),
    (|| json!({"type": "publish", "room": "chat:a", "event": "x", "payload": 1}), ["not_joined"; 5]),
    (|| json!({"type": "join", "room": "chat:a"}), [HIDDEN, "ack", "ack", HIDDEN, HIDDEN]),
    (|| json!({"type": "join", "room": "secret:a"}), [HIDDEN; 5]),
    (|| json!({"type": "join", "room": "chat"}), [HIDDEN; 5]),
    (|| json!({"type": "join", "room": ""}), ["invalid_room"; 5]),
    (
        || json!({"type": "state", "room": "chat:a", "state": {"typing": true}}),
        ["not_joined", "ack", "ack", "not_joined", "not_joined"],
    ),
    (
        || json!({"type": "publish", "room": "chat:a", "event": "line", "payload": "hello"}),
        ["not_joined", "not_allowed", "ack", "not_joined", "not_joined"],
    ),
    (
        || json!({"type": "direct", "to": "1", "event": "nudge", "payload": {}}),
        ["unknown_person", "unknown_person", "ack", "unknown_person", "unknown_person"],
    ),
    (
        || json!({"type": "broadcast", "event": "note", "payload": {}}),
        ["not_allowed", "not_allowed", "not_allowed", "ack", "not_allowed"],
    ),
    (|| json!({"type": "leave", "room": "chat:a"}), ["not_joined", "ack", "ack", "not_joined", "not_joined"]),
];

/// What is answered to a message: by its `ref`, or by being the next answer at all.
async fn answer(client: &mut Client, mut message: Value, number: usize) -> String {
    let name = format!("m{number}");
    message["ref"] = json!(name);
    let from = client.heard.len();
    client.say(message.to_string()).await;
    let found = |client: &Client| {
        client.heard.iter().skip(from).find_map(|text| {
            let frame: Value = serde_json::from_str(text).expect("JSON");
            match frame["type"].as_str().expect("a type") {
                kind @ ("ack" | "pong") => Some(kind.to_owned()),
                "error" => Some(frame["code"].as_str().expect("a code").to_owned()),
                _ => None,
            }
        })
    };
    client.until(&message.to_string(), |client| found(client).is_some()).await;
    found(client).expect("it was found")
}

#[sqlx::test(migrations = false)]
async fn every_message_is_answered_to_every_role_as_is_written(pool: PgPool) {
    with_orders(&pool).await;
    for (pattern, role, may_publish) in
        [("chat:*", Role::Staff, true), ("chat:*", Role::Customer, false), ("direct:*", Role::Staff, true)]
    {
        let rule = Rule { pattern: pattern.to_owned(), role, may_publish, history: None };
        rules::allow(&pool, &rule).await.expect("allows");
    }
    let server = Server::start_strict(&pool).await;
    let shown = [
        None,
        Some(with_token(&pool, Role::Customer, None).await.1),
        Some(with_token(&pool, Role::Staff, None).await.1),
        Some(with_token(&pool, Role::Admin, None).await.1),
        Some(with_token(&pool, Role::Staff, Some(&["public.orders"])).await.1),
    ];
    // Somebody to write to.
    let _ana = client_of(&server, Some(super::signed_in(&server, "ana@example.org").await)).await;
    for (column, shown) in shown.into_iter().enumerate() {
        let mut client = client_of(&server, shown).await;
        for (number, (message, due)) in MATRIX.iter().enumerate() {
            let got = answer(&mut client, message(), number).await;
            assert_eq!(got, due[column], "{} says {}", WHO[column], message());
        }
    }
}
