//! Whatever a client sends, or does not read, it harms nobody but itself.

use crate::support::{Client, PATIENCE, Raw, Server, client::open, sql, with_items};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use sqlx::PgPool;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue};

async fn next(socket: &mut Raw) -> Message {
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("a message")
}

/// The next frame that is not of one of the types that come by themselves.
async fn answer(socket: &mut Raw) -> Value {
    loop {
        if let Message::Text(text) = next(socket).await {
            let frame: Value = serde_json::from_str(text.as_str()).expect("JSON");
            if !matches!(frame["type"].as_str(), Some("welcome" | "heartbeat" | "source")) {
                return frame;
            }
        }
    }
}

async fn code_of(socket: &mut Raw, frame: impl Into<Message>) -> String {
    socket.send(frame.into()).await.expect("sends");
    let answer = answer(socket).await;
    assert_eq!(answer["type"], "error", "{answer}");
    answer["code"].as_str().expect("a code").to_owned()
}

async fn close_code(socket: &mut Raw) -> u16 {
    loop {
        if let Message::Close(close) = next(socket).await {
            return close.expect("has a code").code.into();
        }
    }
}

/// The server is as it was: somebody who behaves is served.
async fn is_well(server: &Server, pool: &PgPool) {
    let mut client = Client::connected(server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    sql(pool, "insert into items values (0, 'well') on conflict (id) do update set name = items.name || '!'").await;
    let expected: String = crate::support::value(pool, "select name from items where id = 0").await;
    client
        .until("changes flow", |client| {
            client.row(items, "0").is_some_and(|row| row.contains(&format!("{expected}\"")))
        })
        .await;
}

#[sqlx::test(migrations = false)]
async fn frames_that_make_no_sense_are_answered_with_an_error_each(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let mut socket = open(server.address).await;
    for garbage in ["", "nonsense", "[]", "null", "{}", r#"{"type":5}"#, r#"{"type":"subscribe"}"#, "\u{0}", "🦀"] {
        assert_eq!(code_of(&mut socket, garbage).await, "malformed_frame", "{garbage:?}");
    }
    let deep = format!(r#"{{"type":"subscribe","id":"a","table":"t","params":{}"#, "[".repeat(60_000));
    assert_eq!(code_of(&mut socket, deep).await, "malformed_frame");
    assert_eq!(code_of(&mut socket, r#"{"type":"dance","id":"x"}"#).await, "unknown_type");
    assert_eq!(code_of(&mut socket, Message::binary(vec![0xff, 0, 1])).await, "binary_frame");
    for table in
        ["nothing", "", "rowcast.change", "pg_catalog.pg_class", "items; drop table items", "ITEMS", "\"items\""]
    {
        let frame = serde_json::json!({"type": "subscribe", "id": "t", "table": table}).to_string();
        assert_eq!(code_of(&mut socket, frame).await, "unknown_table", "{table:?}");
    }
    let long = "x".repeat(65);
    for id in ["", long.as_str()] {
        let frame = serde_json::json!({"type": "subscribe", "id": id, "table": "items"}).to_string();
        assert_eq!(code_of(&mut socket, frame).await, "invalid_id");
    }
    assert_eq!(code_of(&mut socket, r#"{"type":"unsubscribe","id":"never"}"#).await, "unknown_id");
    for (fields, code) in [
        (r#""where":"id = ""#, "invalid_filter"),
        (r#""where":"id = 1; drop table items""#, "invalid_filter"),
        (r#""where":"nothing = 1""#, "unknown_column"),
        (r#""where":"id = (select 1)""#, "unsupported_filter"),
        (r#""where":"id = $1""#, "invalid_parameter"),
        (r#""where":"id = $1","params":["x"]"#, "invalid_parameter"),
        (r#""params":[1]"#, "invalid_parameter"),
        (r#""columns":["nothing"]"#, "unknown_column"),
        (r#""order":[{"column":"id"}]"#, "invalid_query"),
        (r#""limit":0"#, "invalid_query"),
        (r#""order":[{"column":"nothing"}],"limit":5"#, "unknown_column"),
        (r#""group_by":["id"]"#, "invalid_query"),
        (r#""aggregate":{"count":true},"limit":5"#, "invalid_query"),
        (r#""aggregate":{"sum":["name"]}"#, "unsupported"),
        (r#""columns":5"#, "malformed_frame"),
    ] {
        let frame = format!(r#"{{"type":"subscribe","id":"w","table":"items",{fields}}}"#);
        assert_eq!(code_of(&mut socket, frame).await, code, "{fields}");
    }
    socket.send(Message::text(r#"{"type":"subscribe","id":"s","table":"items"}"#)).await.expect("sends");
    while answer(&mut socket).await["type"] != "commit" {}
    assert_eq!(code_of(&mut socket, r#"{"type":"subscribe","id":"s","table":"items"}"#).await, "invalid_id");
    socket.send(Message::text(r#"{"type":"ping","t":1}"#)).await.expect("sends");
    assert_eq!(answer(&mut socket).await["type"], "pong", "the connection is still good");
    is_well(&server, &pool).await;
}

#[sqlx::test(migrations = false)]
async fn frames_that_are_too_large_end_their_connection(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    for size in [70_000, 3_000_000] {
        let mut socket = open(server.address).await;
        // Fails if the server has had enough before all is sent.
        let _ = socket.send(Message::text("x".repeat(size))).await;
        assert_eq!(close_code(&mut socket).await, 1009, "{size} bytes");
    }
    is_well(&server, &pool).await;
}

#[sqlx::test(migrations = false)]
async fn who_never_makes_sense_is_sent_away_for_good(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start(&pool).await;
    let mut socket = open(server.address).await;
    for _ in 0..60 {
        let _ = socket.send(Message::text("nonsense")).await;
    }
    assert_eq!(close_code(&mut socket).await, 4400);
    is_well(&server, &pool).await;
}

#[sqlx::test(migrations = false)]
async fn ten_thousand_frames_at_once_are_all_answered(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.frames_at_once = 20_000).await;
    let (mut sink, mut stream) = open(server.address).await.split();
    let sender = tokio::spawn(async move {
        for n in 0..2_500 {
            for frame in [
                format!(r#"{{"type":"ping","t":{n}}}"#),
                format!(r#"{{"type":"subscribe","id":"{n}","table":"items"}}"#),
                format!(r#"{{"type":"subscribe","id":"{n}","table":"items"}}"#),
                format!(r#"{{"type":"unsubscribe","id":"{n}"}}"#),
            ] {
                sink.send(Message::text(frame)).await.expect("sends");
            }
        }
        sink.send(Message::text(r#"{"type":"ping","t":"end"}"#.replace("\"end\"", "9999"))).await.expect("sends");
        sink
    });
    loop {
        let message =
            tokio::time::timeout(PATIENCE, stream.next()).await.expect("in time").expect("open").expect("a message");
        if message.to_text().is_ok_and(|text| text == r#"{"type":"pong","t":9999}"#) {
            break;
        }
    }
    drop(sender.await.expect("sends"));
    is_well(&server, &pool).await;
}

#[sqlx::test(migrations = false)]
async fn strangers_are_refused_at_the_handshake(pool: PgPool) {
    with_items(&pool).await;
    let friends = vec!["http://localhost:8000".to_owned()];
    let server = Server::start_with(&pool, |config| config.live.origins = friends).await;
    let own = format!("http://{}", server.address);
    for (header, value, status) in [
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("host", "evil.example", 403),
        ("sec-websocket-protocol", "graphql-ws", 400),
        ("origin", "http://localhost:8001", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-origin", 101),
        ("origin", "http://localhost:8000", 101),
        ("origin", own.as_str(), 101),
    ] {
        let mut request = format!("ws://{}/live", server.address).into_client_request().expect("a request");
        request.headers_mut().insert(header, HeaderValue::from_str(value).expect("a value"));
        let stream = TcpStream::connect(server.address).await.expect("connects");
        let got = match tokio_tungstenite::client_async(request, stream).await {
            Ok((_, response)) => response.status().as_u16(),
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{header}: {value}: {error}"),
        };
        assert_eq!(got, status, "{header}: {value}");
    }
}

#[sqlx::test(migrations = false)]
async fn who_reads_nothing_holds_up_nobody_and_is_exact_when_it_reads_again(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items select g, '' from generate_series(1, 300) g").await;
    let server = Server::start(&pool).await;
    let mut stalled = Client::connected(&server).await;
    let stalled_items = stalled.subscribe("items", &["id"]).await;
    stalled.until_live().await;
    let mut other = Client::connected(&server).await;
    let other_items = other.subscribe("items", &["id"]).await;
    other.until_live().await;
    // About 26 MB, far more than the network and the outbox hold.
    for n in 0..24 {
        sql(&pool, &format!("update items set name = repeat('{n:04}', 900)")).await;
    }
    sql(&pool, "delete from items where id > 290; insert into items values (1000, 'end')").await;
    other.until("it sees the end", |client| client.row(other_items, "1000").is_some()).await;
    let all = other.rows(other_items);
    assert_eq!(all.len(), 291);
    let before = stalled.heard.len();
    stalled.until("it sees the end", |client| client.row(stalled_items, "1000").is_some()).await;
    assert_eq!(stalled.rows(stalled_items), all);
    let bytes: usize = stalled.heard[before..].iter().map(String::len).sum();
    assert!(bytes < 18_000_000, "what it missed was folded together, and not kept for it: {bytes} bytes");
    assert!(!stalled.heard[before..].iter().any(|frame| frame.contains(r#""type":"resync""#)));
}
