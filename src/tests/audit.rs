//! The audit: who may read it, what a search finds, and exports that are whole, harmless and hold nothing up.

use crate::support::{Browser, PATIENCE, Server, browser::JSON, eventually, http, sql, value};
use rowcast::{
    changelog,
    identity::{account, token},
    ledger::{self, Expected, Metadata, NewEvent},
    protocol::Role,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const PASSWORD: &str = "correct horse battery";
const EXPORT: &str = "/api/audit/export";

async fn append(pool: &PgPool, stream: &str, kind: &str, data: Value, who: Option<&str>, name: &str) {
    let event = NewEvent { kind: kind.to_owned(), schema: 1, data };
    let metadata = Metadata { who: who.map(str::to_owned), who_name: name.to_owned(), ..Metadata::default() };
    let mut transaction = pool.begin().await.expect("begins");
    ledger::append(&mut transaction, stream, Expected::Any, &[event], &metadata).await.expect("appends");
    transaction.commit().await.expect("commits");
}

/// A header that shows a token.
async fn shown(pool: &PgPool, role: Role, tables: Option<Vec<String>>) -> String {
    let (_, token) =
        token::create(pool, &token::New { name: "script", role, tables, days: None }).await.expect("makes");
    format!("authorization: Bearer {token}\r\n")
}

/// Somebody who is signed in.
async fn signed_in(pool: &PgPool, server: &Server, role: Role) -> Browser {
    let email = format!("{role}@example.org");
    let new = account::New { email: &email, name: "Ada", role, password: PASSWORD };
    account::create(pool, new).await.expect("adds").expect("is new");
    let mut browser = Browser::new(server.address);
    let answer = browser.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    browser
}

/// The streams on a page, from top to bottom.
fn streams(page: &str) -> Vec<String> {
    let parts = page.split("class=\"event-stream\"").skip(1);
    parts.map(|part| part.split(['>', '<']).nth(1).expect("a name").trim().to_owned()).collect()
}

#[sqlx::test(migrations = false)]
async fn administrators_find_events_by_person_stream_type_and_time(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    append(&pool, "order-1", "OrderPlaced", json!({}), Some("7"), "Ada Lovelace").await;
    append(&pool, "order-1", "OrderPaid", json!({}), Some("8"), "Bob 100%").await;
    append(&pool, "order-12", "OrderPlaced", json!({}), Some("8"), "Bob 100%").await;
    append(&pool, "product-3", "QuantitySet", json!({}), None, "").await;
    let middle: String = value(
        &pool,
        "select to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from rowcast.event where stream = 'order-12'",
    )
    .await;
    let server = Server::start_strict(&pool).await;
    let mut admin = signed_in(&pool, &server, Role::Admin).await;
    for (query, found) in [
        ("", vec!["product-3", "order-12", "order-1", "order-1"]),
        ("who=7", vec!["order-1"]),
        ("who=lovelace", vec!["order-1"]),
        ("who=%25", vec!["order-12", "order-1"]),
        ("stream=order-1", vec!["order-1", "order-1"]),
        ("stream=order-*", vec!["order-12", "order-1", "order-1"]),
        ("stream=order_1", vec![]),
        ("type=OrderPlaced&who=8", vec!["order-12"]),
        (&format!("from={middle}"), vec!["product-3", "order-12"]),
        (&format!("until={middle}&type=OrderPaid"), vec!["order-1"]),
        ("who=' or 1=1 --", vec![]),
    ] {
        let answer = admin.get(&format!("/audit?{}", query.replace(' ', "%20"))).await;
        assert_eq!(
            (answer.status, streams(&answer.body)),
            (200, found.iter().map(|&one| one.to_owned()).collect()),
            "{query}"
        );
    }
    let answer = admin.get("/audit?from=yesterday").await;
    assert!(answer.status == 422 && answer.body.contains("is not a date with a time"), "{}", answer.status);
}

#[sqlx::test(migrations = false)]
async fn pages_follow_each_other_without_a_gap_while_others_append(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    for n in 0..120 {
        append(&pool, &format!("s-{n}"), "Said", json!({ "n": n }), None, "").await;
    }
    let server = Server::start_strict(&pool).await;
    let mut admin = signed_in(&pool, &server, Role::Admin).await;
    let (mut address, mut seen) = (Some("/audit".to_owned()), Vec::new());
    while let Some(next) = address {
        let page = admin.get(&next).await.body;
        seen.extend(streams(&page));
        append(&pool, "later", "Said", json!({}), None, "").await;
        let link = page.split("rel=\"next\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1)?.split('"').next());
        address = link.map(|link| link.replace("&amp;", "&"));
    }
    assert_eq!(seen, (0..120).rev().map(|n| format!("s-{n}")).collect::<Vec<_>>());
}

/// Numbers are drawn before the commit: one that is lower may come later.
#[sqlx::test(migrations = false)]
async fn what_a_slow_transaction_appended_is_new_though_others_are_numbered_higher(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let server = Server::start_strict(&pool).await;
    let mut admin = signed_in(&pool, &server, Role::Admin).await;
    let mut ask = async |path: &str, body: Value| -> Value {
        let answer = admin.send("POST", path, JSON, &body.to_string()).await;
        let told: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        told["Ok"].clone()
    };
    let event = NewEvent { kind: "Said".to_owned(), schema: 1, data: json!({}) };
    let mut slow = pool.begin().await.expect("begins");
    let who = Metadata::default();
    ledger::append(&mut slow, "slow", Expected::Any, std::slice::from_ref(&event), &who).await.expect("appends");
    append(&pool, "fast", "Said", json!({}), None, "").await;
    let found = ask("/api/audit/search", json!({ "search": {} })).await;
    let of_found = found["events"].as_array().expect("a list").iter().map(|event| event["stream"].clone());
    assert_eq!(of_found.collect::<Vec<_>>(), [json!("fast")]);
    let mut newer = async || ask("/api/audit/newer", json!({ "search": {}, "than": found["snapshot"] })).await;
    assert_eq!(newer().await, json!(0));
    slow.commit().await.expect("commits");
    assert_eq!(newer().await, json!(1), "the slow one");
    append(&pool, "fast", "Said", json!({}), None, "").await;
    assert_eq!(newer().await, json!(2));
}

#[sqlx::test(migrations = false)]
async fn nobody_else_reads_the_audit(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    append(&pool, "secret-1", "Hidden", json!({}), None, "").await;
    let server = Server::start_strict(&pool).await;
    for role in [Role::Customer, Role::Staff] {
        let mut browser = signed_in(&pool, &server, role).await;
        let page = browser.get("/audit").await;
        assert!(page.status == 403 && !page.body.contains("secret-1"), "{role}: {}", page.status);
        let said = http::ask(server.address, "GET", EXPORT, &shown(&pool, role, None).await).await;
        assert!(said.status == 403 && said.body.contains("\"not_allowed\""), "{said:?}");
    }
    let other = shown(&pool, Role::Admin, Some(vec!["public.products".to_owned()])).await;
    assert_eq!(http::ask(server.address, "GET", EXPORT, &other).await.status, 403, "a token for other tables");
    assert_eq!(http::ask(server.address, "GET", EXPORT, "").await.status, 403, "nobody in particular");
    let own = shown(&pool, Role::Admin, Some(vec!["rowcast.event".to_owned()])).await;
    assert_eq!(http::ask(server.address, "GET", EXPORT, &own).await.status, 200);
    let strange = http::ask(server.address, "GET", &format!("{EXPORT}?format=xml"), &own).await;
    assert!(strange.status == 400 && strange.body.contains("ndjson or csv"), "{strange:?}");
}

#[sqlx::test(migrations = false)]
async fn what_is_hostile_is_shown_and_exported_as_text(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let data = json!({ "note": "</script><img src=x onerror=alert(1)>", "formula": "=1+1", "lines": "a\r\nb\"c" });
    append(&pool, "=HYPERLINK(\"x\")", "@Evil,\"type\"", data.clone(), Some("7"), "-Ada\n<b>").await;
    let server = Server::start_strict(&pool).await;
    let mut admin = signed_in(&pool, &server, Role::Admin).await;
    let page = admin.get("/audit").await.body;
    assert!(!page.contains("<img src=x") && !page.contains("<b>"), "escaped");
    let header = shown(&pool, Role::Admin, None).await;
    let ndjson = http::ask(server.address, "GET", &format!("{EXPORT}?format=ndjson"), &header).await;
    assert_eq!(ndjson.header("x-total-count"), Some("1"));
    assert_eq!(ndjson.header("content-disposition"), Some("attachment; filename=\"audit.ndjson\""));
    let line: Value = serde_json::from_str(ndjson.body.trim_end()).expect("a line of JSON");
    assert_eq!((&line["data"], &line["who_name"], &line["version"]), (&data, &json!("-Ada\n<b>"), &json!(1)));
    let csv = http::ask(server.address, "GET", &format!("{EXPORT}?format=csv"), &header).await.body;
    for cell in ["\"'=HYPERLINK(\"\"x\"\")\"", "\"'@Evil,\"\"type\"\"\"", "\"'-Ada\n<b>\""] {
        assert!(csv.contains(cell), "{cell} in {csv}");
    }
}

/// The head of an answer, and what of its body came with it; nobody reads on.
async fn begun(server: &Server, path: &str, header: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    let request = format!("GET {path} HTTP/1.0\r\nhost: {}\r\n{header}\r\n", server.address);
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut text = Vec::new();
    while !text.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut bytes = [0; 64];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await.expect("in time").expect("reads");
        assert!(read > 0, "an answer");
        text.extend_from_slice(&bytes[..read]);
    }
    (stream, String::from_utf8_lossy(&text).into_owned())
}

#[sqlx::test(migrations = false)]
async fn an_export_is_what_was_there_when_it_began_and_a_slow_reader_holds_no_connection(pool: PgPool) {
    const EVENTS: i64 = 6_000;
    changelog::install(&pool).await.expect("installs");
    // More than the network and all buffers take.
    sql(
        &pool,
        &format!(
            "insert into rowcast.event (stream, version, type, schema, data, who_name)
             select 'bulk-' || g % 7, g, 'Said', 1, json_build_object('n', g, 'text', repeat('x', 8000)), 'Ada'
             from generate_series(1, {EVENTS}) g"
        ),
    )
    .await;
    let mut open = pool.begin().await.expect("begins");
    let event = NewEvent { kind: "Late".to_owned(), schema: 1, data: json!({}) };
    ledger::append(&mut open, "late", Expected::New, &[event], &Metadata::default()).await.expect("appends");
    let server = Server::start_with(&pool, |config| config.database.max_connections = 2).await;
    let header = shown(&pool, Role::Admin, None).await;
    let mut readers = Vec::new();
    for _ in 0..6 {
        readers.push(begun(&server, EXPORT, &header).await);
    }
    open.commit().await.expect("commits");
    append(&pool, "late", "Late", json!({}), None, "").await;
    // Six slow readers and two connections: others are answered, and nobody is within a transaction.
    let other = http::ask(server.address, "GET", &format!("{EXPORT}?stream=late"), &header).await;
    assert_eq!((other.status, other.header("x-total-count")), (200, Some("2")));
    let busy = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                and query like '%rowcast.event%' and state <> 'idle'";
    eventually("nobody reads the ledger", async || value::<i64>(&pool, busy).await == 0).await;
    let (mut stream, head) = readers.remove(0);
    let (mut dismissed, _) = readers.remove(0);
    drop(readers);
    let mut rest = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("in time").expect("reads");
    let text = head + &String::from_utf8_lossy(&rest);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.to_lowercase().contains(&format!("x-total-count: {EVENTS}")), "{head}");
    let numbers: Vec<i64> = body
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["data"]["n"].as_i64().expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=EVENTS).collect::<Vec<_>>(), "all of them, in order, and nothing that came later");

    sql(&pool, "update rowcast.token set revoked_at = now()").await;
    let mut rest = Vec::new();
    // It ends however it ends: not as one that is whole.
    let _ = tokio::time::timeout(PATIENCE, dismissed.read_to_end(&mut rest)).await.expect("in time");
    let lines = rest.iter().filter(|byte| **byte == b'\n').count() as i64;
    assert!(lines < EVENTS / 2, "{lines} events after the token was taken back");
}
