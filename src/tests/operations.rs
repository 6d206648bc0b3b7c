//! Operations: what servers tell administrators, to nobody else; whom a message reaches and whom disconnecting ends; what is kept of it.

use crate::support::{
    Browser, Client, Redis, Seat, Server,
    browser::{Answer, FORM, JSON},
    client::Shown,
    sql, value, with_items,
};
use rowcast::{
    hub::rooms::Rule,
    identity::{account, token},
    operations::report::{ANNOUNCEMENT, ROOM},
    protocol::{CloseCode, Role},
    rules,
};
use serde_json::{Value, json};
use sqlx::PgPool;

const PASSWORD: &str = "correct horse battery";

/// Somebody with an account: their id, and what their browser shows.
async fn person(pool: &PgPool, server: &Server, name: &str, role: Role) -> (String, Shown) {
    let email = format!("{}@example.org", name.to_lowercase());
    let new = account::New { email: &email, name, role, password: PASSWORD };
    let id = account::create(pool, new).await.expect("adds").expect("is new");
    let mut browser = Browser::new(server.address);
    let answer = browser.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    (id.to_string(), ("cookie", format!("rowcast_session={}", browser.cookie.expect("a cookie"))))
}

/// What was said of this kind (`message`, `direct`, `broadcast`) under this name, as a client has heard it.
fn heard(client: &Client, kind: &str, event: &str) -> Vec<Value> {
    let frames = client.heard.iter().map(|frame| serde_json::from_str::<Value>(frame).expect("JSON"));
    frames
        .filter(|frame| frame["type"] == kind && frame["event"] == event)
        .map(|frame| frame["payload"].clone())
        .collect()
}

/// The sessions of a person that an administrator was told of last, with the server's name.
fn told(admin: &Client, of: &str) -> Vec<(String, Value)> {
    let mut sessions: std::collections::BTreeMap<String, Vec<Value>> = std::collections::BTreeMap::new();
    for part in heard(admin, "message", "sessions") {
        let node = part["node"].as_str().expect("a name").to_owned();
        let items = part["items"].as_array().expect("a list").clone();
        let held = sessions.entry(node).or_default();
        if part["first"] == true {
            held.clear();
        }
        held.extend(items);
    }
    let all = sessions.into_iter().flat_map(|(node, items)| items.into_iter().map(move |item| (node.clone(), item)));
    all.filter(|(_, item)| item["person"] == of).collect()
}

/// An administrator who looks.
async fn looking(server: &Server, admin: &Shown) -> (Client, Seat) {
    let mut client = Client::somebody(server, admin.clone()).await;
    let seat = client.join(ROOM, Value::Null).await;
    (client, seat)
}

/// Calls a server function as a program.
async fn call(server: &Server, shown: &Shown, name: &str, fields: &[(&str, &str)]) -> Answer {
    let encode = rowcast::identity::paths::encode;
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let mut browser = Browser::new(server.address).with("accept", JSON).with(shown.0, &shown.1);
    browser.send("POST", &format!("/api/operations/{name}"), FORM, &body.join("&")).await
}

async fn kept(pool: &PgPool) -> Vec<(String, String, Value)> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "select type, who_name, data::text from rowcast.event where stream = 'operations' order by version",
    )
    .fetch_all(pool)
    .await
    .expect("reads");
    rows.into_iter().map(|(kind, who, data)| (kind, who, serde_json::from_str(&data).expect("JSON"))).collect()
}

fn number(session: &Value) -> String {
    session["id"].as_u64().expect("a number").to_string()
}

#[sqlx::test(migrations = false)]
async fn an_administrator_who_looks_is_told_of_real_sessions_and_the_changelog(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (ann, shown) = person(&pool, &server, "Ann", Role::Customer).await;
    let mut client = Client::somebody(&server, shown).await;
    client.subscribe("items", &["id"]).await;
    client.until_live().await;
    let (_, admin) = person(&pool, &server, "Ada", Role::Admin).await;
    let (mut looks, _seat) = looking(&server, &admin).await;
    looks.until("it is told of Ann", |looks| told(looks, &ann).len() == 1).await;
    let (_, session) = told(&looks, &ann).remove(0);
    assert_eq!(
        (&session["name"], &session["role"], &session["origin"], &session["subscriptions"], &session["slow"]),
        (&json!("Ann"), &json!("customer"), &json!("127.0.0.1"), &json!([["public.items", 1]]), &json!(false))
    );
    looks.until("it is told of the tables", |looks| !heard(looks, "message", "storage").is_empty()).await;
    let storage = heard(&looks, "message", "storage").remove(0);
    assert_eq!(storage["items"][0]["name"], "public.items", "{storage}");
    assert_eq!(storage["head"]["parts"].as_array().expect("parts").len(), 4);
    let server_told = heard(&looks, "message", "server").pop().expect("is told");
    assert_eq!((&server_told["head"]["sessions"], &server_told["head"]["people"]), (&json!(2), &json!(2)));
    client.leave().await;
    looks.until("she is gone", |looks| told(looks, &ann).is_empty()).await;
}

#[sqlx::test(migrations = false)]
async fn nobody_else_is_told_and_nobody_speaks_there_whatever_rules_say(pool: PgPool) {
    with_items(&pool).await;
    for role in Role::ALL {
        for pattern in ["*", "rowcast:*", ROOM, "direct:*"] {
            let rule = Rule { pattern: pattern.to_owned(), role, may_publish: true, history: None };
            rules::allow(&pool, &rule).await.expect("allows");
        }
    }
    let server = Server::start(&pool).await;
    let (ada, admin) = person(&pool, &server, "Ada", Role::Admin).await;
    let (mut looks, _seat) = looking(&server, &admin).await;
    for (name, role) in [("Cleo", Role::Customer), ("Sam", Role::Staff)] {
        let (_, shown) = person(&pool, &server, name, role).await;
        let mut client = Client::somebody(&server, shown.clone()).await;
        let seat = client.ask_to_join(ROOM, Value::Null).await;
        client.until("it is refused", |_| seat.is_refused()).await;
        let forged = json!({"type": "direct", "to": ada, "event": ANNOUNCEMENT, "payload": {"text": "x"}, "ref": "d"});
        client.say(forged.to_string()).await;
        client
            .until("that is refused", |client| client.heard.iter().any(|frame| frame.contains("\"ref\":\"d\"")))
            .await;
        assert!(client.heard.iter().any(|frame| frame.contains("not_allowed")), "{role}");
        for (action, fields) in [
            ("read", &[][..]),
            ("message", &[("node", "x"), ("session", "1"), ("text", "x")]),
            ("disconnect", &[("node", "x"), ("session", "1")]),
            ("sign-out", &[("person", ada.as_str())]),
            ("broadcast", &[("text", "x")]),
        ] {
            let answer = if action == "read" {
                let mut browser = Browser::new(server.address).with("accept", JSON).with(shown.0, &shown.1);
                browser.send("POST", "/api/operations/read", JSON, "{}").await
            } else {
                call(&server, &shown, action, fields).await
            };
            assert_eq!(answer.body, r#"{"Err":"NotAllowed"}"#, "{role} {action}");
        }
        assert_eq!(Browser::new(server.address).with(shown.0, &shown.1).get("/operations").await.status, 403);
    }
    let some = token::New { name: "script", role: Role::Admin, tables: Some(vec!["public.items".into()]), days: None };
    let (_, secret) = token::create(&pool, &some).await.expect("makes");
    let mut script = Client::somebody(&server, ("authorization", format!("Bearer {secret}"))).await;
    let seat = script.ask_to_join(ROOM, Value::Null).await;
    script.until("a token for some tables is refused", |_| seat.is_refused()).await;
    looks.publish(ROOM, json!("forged")).await;
    looks
        .until("not even administrators speak there", |looks| {
            looks.heard.iter().any(|frame| frame.contains("you may listen"))
        })
        .await;
    assert!(kept(&pool).await.is_empty(), "nothing was done");
}

#[sqlx::test(migrations = false)]
async fn a_message_reaches_one_session_a_broadcast_all_and_both_are_in_the_ledger_before(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (ada, admin) = person(&pool, &server, "Ada", Role::Admin).await;
    let (ann, shown) = person(&pool, &server, "Ann", Role::Customer).await;
    let (mut looks, _seat) = looking(&server, &admin).await;
    let mut first = Client::somebody(&server, shown.clone()).await;
    looks.until("it is told of Ann", |looks| told(looks, &ann).len() == 1).await;
    let (node, session) = told(&looks, &ann).remove(0);
    let (mut other, mut nobody) = (Client::somebody(&server, shown).await, Client::connected(&server).await);
    let target =
        [("node", node.as_str()), ("session", &*number(&session)), ("person", &*ann), ("text", "Tea is ready")];
    let answer = call(&server, &admin, "message", &target).await;
    assert_eq!(answer.body, r#"{"Ok":"Told"}"#);
    first.until("she hears it", |client| !heard(client, "direct", ANNOUNCEMENT).is_empty()).await;
    assert_eq!(heard(&first, "direct", ANNOUNCEMENT), [json!({"text": "Tea is ready"})]);
    let answer = call(&server, &admin, "broadcast", &[("text", "  To all\n")]).await;
    assert_eq!(answer.body, r#"{"Ok":{"Broadcast":4}}"#);
    for client in [&mut first, &mut other, &mut nobody, &mut looks] {
        client.until("it hears it", |client| !heard(client, "broadcast", ANNOUNCEMENT).is_empty()).await;
        assert_eq!(heard(client, "broadcast", ANNOUNCEMENT), [json!({"text": "To all"})]);
    }
    for client in [&other, &nobody, &looks] {
        assert!(heard(client, "direct", ANNOUNCEMENT).is_empty(), "what was said before to her first page");
    }
    for fields in [&[("text", " ")][..], &[("text", &*"x".repeat(501))], &[]] {
        assert_eq!(call(&server, &admin, "broadcast", fields).await.body, r#"{"Err":"Text"}"#);
    }
    let events = kept(&pool).await;
    let session = session["id"].clone();
    assert_eq!(
        events,
        [
            (
                "MessageSent".to_owned(),
                "Ada".to_owned(),
                json!({"node": node, "session": session, "person": ann, "name": "Ann", "text": "Tea is ready"})
            ),
            ("BroadcastSent".to_owned(), "Ada".to_owned(), json!({"text": "To all", "sessions": 4})),
        ]
    );
    let who: String = value(&pool, "select max(who) from rowcast.event where stream = 'operations'").await;
    assert_eq!(who, ada);
    // Without the ledger nothing is said.
    sql(
        &pool,
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
                create trigger unkept before insert on rowcast.event for each row execute function refuse()",
    )
    .await;
    assert_eq!(call(&server, &admin, "broadcast", &[("text", "Unkept")]).await.body, r#"{"Err":"Unavailable"}"#);
    sql(&pool, "drop trigger unkept on rowcast.event").await;
    assert_eq!(call(&server, &admin, "broadcast", &[("text", "Kept")]).await.body, r#"{"Ok":{"Broadcast":4}}"#);
    first.until("it hears the next", |client| heard(client, "broadcast", ANNOUNCEMENT).len() >= 2).await;
    assert_eq!(heard(&first, "broadcast", ANNOUNCEMENT)[1], json!({"text": "Kept"}));
}

#[sqlx::test(migrations = false)]
async fn disconnecting_ends_that_session_and_no_other_and_signing_out_all_of_a_person(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (_, admin) = person(&pool, &server, "Ada", Role::Admin).await;
    let (ann, shown) = person(&pool, &server, "Ann", Role::Customer).await;
    let (mut looks, _seat) = looking(&server, &admin).await;
    let mut first = Client::somebody(&server, shown.clone()).await;
    looks.until("it is told of Ann", |looks| told(looks, &ann).len() == 1).await;
    let (node, session) = told(&looks, &ann).remove(0);
    let session = number(&session);
    let mut other = Client::somebody(&server, shown).await;
    for (node, session, person) in
        [(&*node, &*session, "999"), (&*node, &*session, ""), (&*node, "99", &*ann), ("x", &*session, &*ann)]
    {
        let fields = [("node", node), ("session", session), ("person", person)];
        assert_eq!(call(&server, &admin, "disconnect", &fields).await.body, r#"{"Err":"Nobody"}"#, "{fields:?}");
    }
    assert!(kept(&pool).await.is_empty(), "nobody was meant");
    let fields = [("node", &*node), ("session", &*session), ("person", &*ann)];
    assert_eq!(call(&server, &admin, "disconnect", &fields).await.body, r#"{"Ok":"Disconnected"}"#);
    assert_eq!(first.until_closed().await, Some(CloseCode::GoingAway.code()));
    assert_eq!(call(&server, &admin, "disconnect", &fields).await.body, r#"{"Err":"Nobody"}"#, "it is gone");
    first.connect().await;
    let items = first.subscribe("items", &["id"]).await;
    first.until_live().await;
    assert_eq!(first.rows_count(items), 0);
    other.subscribe("items", &["id"]).await;
    other.until_live().await;
    assert_eq!(other.closed, None, "another page of the same person");
    assert_eq!(call(&server, &admin, "sign-out", &[("person", &*ann)]).await.body, r#"{"Ok":{"SignedOut":1}}"#);
    for client in [&mut first, &mut other] {
        assert_eq!(client.until_closed().await, Some(CloseCode::SignedOut.code()));
    }
    assert_eq!(call(&server, &admin, "sign-out", &[("person", "999")]).await.body, r#"{"Err":"Nobody"}"#);
    let kinds: Vec<String> = kept(&pool).await.into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["SessionDisconnected", "PersonSignedOut"]);
}

#[sqlx::test(migrations = false)]
async fn sessions_of_another_server_are_shown_and_reached_over_redis(pool: PgPool) {
    with_items(&pool).await;
    let redis = Redis::start().await;
    let url = redis.url();
    let near = Server::start_with(&pool, |config| config.nodes.redis = url.clone()).await;
    let far = Server::start_with(&pool, |config| config.nodes.redis = url.clone()).await;
    let (_, admin) = person(&pool, &near, "Ada", Role::Admin).await;
    let (ann, shown) = person(&pool, &far, "Ann", Role::Customer).await;
    let mut client = Client::somebody(&far, shown).await;
    let (mut looks, _seat) = looking(&near, &admin).await;
    looks.until("it is told by the other server", |looks| told(looks, &ann).len() == 1).await;
    let (node, session) = told(&looks, &ann).remove(0);
    let session = number(&session);
    let fields = [("node", &*node), ("session", &*session), ("person", &*ann), ("text", "From afar")];
    assert_eq!(call(&near, &admin, "message", &fields).await.body, r#"{"Ok":"Asked"}"#);
    client.until("it is heard there", |client| !heard(client, "direct", ANNOUNCEMENT).is_empty()).await;
    assert_eq!(heard(&client, "direct", ANNOUNCEMENT), [json!({"text": "From afar"})]);
    assert_eq!(call(&near, &admin, "broadcast", &[("text", "To all")]).await.body, r#"{"Ok":{"Broadcast":1}}"#);
    client.until("so is this", |client| !heard(client, "broadcast", ANNOUNCEMENT).is_empty()).await;
    assert_eq!(call(&near, &admin, "disconnect", &fields[..3]).await.body, r#"{"Ok":"Asked"}"#);
    assert_eq!(client.until_closed().await, Some(CloseCode::GoingAway.code()));
}

#[sqlx::test(migrations = false)]
async fn the_page_works_without_a_script(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (ann, shown) = person(&pool, &server, "Ann", Role::Customer).await;
    let mut client = Client::somebody(&server, shown).await;
    let (_, admin) = person(&pool, &server, "Ada", Role::Admin).await;
    let mut browser = Browser::new(server.address).with(admin.0, &admin.1);
    let page = browser.get("/operations").await;
    assert!(page.status == 200 && page.body.contains("Ann") && page.body.contains("public.items"), "{}", page.status);
    let address =
        page.body.split("href=\"").map(|part| part.split('"').next().unwrap_or_default().replace("&amp;", "&"));
    let address = address.into_iter().find(|address| address.contains("ask=message")).expect("a link");
    let question = browser.get(&address).await.body;
    assert!(question.contains("Message to Ann") && question.contains("<dialog"), "it asks");
    let part = |name: &str| {
        let rest = address.split(&format!("{name}=")).nth(1).expect("a part");
        rest.split('&').next().unwrap_or_default().to_owned()
    };
    let (node, session) = (part("node"), part("session"));
    let fields = [("node", &*node), ("session", &*session), ("person", &*ann), ("text", "By a form")];
    let answer = browser.post("/api/operations/message", &fields).await;
    assert!(answer.location().ends_with("/operations?done=told"), "{answer:?}");
    client.until("she hears it", |client| !heard(client, "direct", ANNOUNCEMENT).is_empty()).await;
    assert!(browser.get(answer.location()).await.body.contains("The message is on its way."));
}

#[sqlx::test(migrations = false)]
async fn a_table_that_is_locked_keeps_no_server_from_telling_of_itself(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let (_, admin) = person(&pool, &server, "Ada", Role::Admin).await;
    let mut locks = pool.begin().await.expect("begins");
    sqlx::query("lock table items in access exclusive mode").execute(&mut *locks).await.expect("locks");
    let (mut looks, _seat) = looking(&server, &admin).await;
    let times = |looks: &Client| {
        let told = heard(looks, "message", "server");
        told.iter().filter_map(|part| part["head"]["at"].as_i64()).collect::<Vec<_>>()
    };
    looks.until("it tells of itself", |looks| times(looks).len() >= 4).await;
    let times = times(&looks);
    // As long as it takes pages to think that it is gone.
    assert!(times.windows(2).all(|two| two[1] - two[0] < 6_000), "{times:?}");
    assert!(heard(&looks, "message", "storage").is_empty(), "of the table it cannot know");
    locks.rollback().await.expect("lets go");
    looks.until("it tells of the table", |looks| !heard(looks, "message", "storage").is_empty()).await;
}
