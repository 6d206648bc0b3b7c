//! Nobody can use up what is everybody's: connections, time, memory for headers, frames.

use crate::support::{
    PATIENCE, Server,
    client::open,
    eventually,
    http::{ask, say},
    sql, with_items,
};
use futures::{SinkExt, StreamExt};
use sqlx::PgPool;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    client::IntoClientRequest,
    http::HeaderValue,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

#[sqlx::test(migrations = false)]
async fn one_connection_too_many_is_told_so_and_those_that_end_make_room(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.connections = 3).await;
    let sockets = [open(server.address).await, open(server.address).await, open(server.address).await];
    let refused = ask(server.address, "GET", "/healthz", "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(server.counters.connections_over_limit.get(), 1);
    drop(sockets);
    let well = async || ask(server.address, "GET", "/healthz", "").await.status == 200;
    eventually("there is room again", well).await;
}

#[sqlx::test(migrations = false)]
async fn one_address_may_have_so_many_connections(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.connections_per_address = 2).await;
    let _sockets = [open(server.address).await, open(server.address).await];
    assert_eq!(ask(server.address, "GET", "/healthz", "").await.status, 429);
    assert_eq!(server.counters.address_over_limit.get(), 1);
}

/// Opens a WebSocket as a proxy does for a client.
async fn open_for(server: SocketAddr, client: &'static str) -> Result<impl Sized, u16> {
    let mut request = format!("ws://{server}/live").into_client_request().expect("a request");
    request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static(client));
    let stream = TcpStream::connect(server).await.expect("connects");
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[sqlx::test(migrations = false)]
async fn behind_a_trusted_proxy_the_clients_address_counts(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| {
        config.limits.connections_per_address = 2;
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let first = open_for(server.address, "203.0.113.1").await;
    let second = open_for(server.address, "203.0.113.1").await;
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(open_for(server.address, "203.0.113.1").await.err(), Some(429));
    assert!(open_for(server.address, "203.0.113.2").await.is_ok(), "another address has its own places");
    drop((first, second));
    eventually("there is room again", async || open_for(server.address, "203.0.113.1").await.is_ok()).await;
}

#[sqlx::test(migrations = false)]
async fn who_never_ends_a_request_is_cut_off_in_time(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.header_seconds = 1).await;
    let before = Instant::now();
    let mut silent = TcpStream::connect(server.address).await.expect("connects");
    let (mut reads, mut writes) = TcpStream::connect(server.address).await.expect("connects").into_split();
    let trickle = tokio::spawn(async move {
        let mut drip = tokio::time::interval(Duration::from_millis(50));
        let mut sent = writes.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ").await;
        while sent.is_ok() {
            drip.tick().await;
            sent = writes.write_all(b"x").await;
        }
    });
    // An error is an end, too.
    let end = async { (silent.read(&mut [0]).await.unwrap_or(0), reads.read(&mut [0; 9]).await.unwrap_or(0)) };
    let (silent, _) = tokio::time::timeout(PATIENCE, end).await.expect("both are cut off");
    trickle.await.expect("ends");
    assert_eq!(silent, 0);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    eventually("both are counted", async || server.counters.headers_timed_out.get() == 2).await;
    assert_eq!(ask(server.address, "GET", "/healthz", "").await.status, 200);
}

#[sqlx::test(migrations = false)]
async fn a_request_whose_body_never_comes_is_given_up(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.request_seconds = 1).await;
    let stream = TcpStream::connect(server.address).await.expect("connects");
    let head = "POST /api/inventory/set-quantity HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nid=1";
    assert_eq!(say(stream, head).await.status, 408);
    assert_eq!(server.counters.requests_timed_out.get(), 1);
}

#[sqlx::test(migrations = false)]
async fn a_header_has_so_many_bytes(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.header_bytes = 8192).await;
    let line = |bytes: usize| format!("x: {}\r\n", "x".repeat(bytes));
    assert_eq!(ask(server.address, "GET", "/healthz", &line(5_000)).await.status, 200);
    assert_eq!(ask(server.address, "GET", "/healthz", &line(20_000)).await.status, 431);
    eventually("it is counted", async || server.counters.headers_over_size.get() == 1).await;
}

#[sqlx::test(migrations = false)]
async fn frames_that_come_too_fast_are_refused_and_then_their_connection_ends(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| {
        (config.limits.frames_per_second, config.limits.frames_at_once) = (1, 10);
    })
    .await;
    let mut socket = open(server.address).await;
    let subscribe = |id: u32| Message::text(format!(r#"{{"type":"subscribe","id":"{id}","table":"items"}}"#));
    for id in 0..12 {
        socket.send(subscribe(id)).await.expect("sends");
    }
    socket.send(Message::text(r#"{"type":"unsubscribe","id":"0"}"#)).await.expect("sends");
    for id in 100..120 {
        // Fails once the server has had enough.
        let _ = socket.send(subscribe(id)).await;
    }
    let mut refused = Vec::new();
    let code = loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("a message") {
            Message::Close(close) => break u16::from(close.expect("has a code").code),
            Message::Text(text) => refused.extend(text.contains("rate_limited").then(|| text.to_string())),
            _ => {}
        }
    };
    assert_eq!(code, 4429);
    assert!(refused.iter().any(|text| text.contains(r#""id":"11""#)), "{refused:?}");
    assert!(!refused.iter().any(|text| text.contains(r#""id":"0""#)), "an unsubscribe is heard: {refused:?}");
    assert_eq!(server.counters.sessions_over_rate.get(), 1);
    assert!(server.counters.frames_over_rate.get() > 10);
}

#[sqlx::test(migrations = false)]
async fn sizes_of_frames_and_numbers_of_subscriptions_are_as_configured(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| {
        (config.limits.frame_bytes, config.limits.subscriptions) = (2_000, 2);
    })
    .await;
    let mut socket = open(server.address).await;
    for id in 0..3 {
        socket
            .send(Message::text(format!(r#"{{"type":"subscribe","id":"{id}","table":"items"}}"#)))
            .await
            .expect("sends");
    }
    socket.send(Message::text(" ".repeat(2_001))).await.expect("sends");
    let mut heard = String::new();
    while let Message::Text(text) = match tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time") {
        Some(Ok(Message::Close(close))) => {
            assert_eq!(u16::from(close.expect("has a code").code), 1009);
            Message::binary(Vec::new())
        }
        message => message.expect("open").expect("a message"),
    } {
        heard.push_str(&text);
    }
    assert!(heard.contains(r#""id":"2","code":"too_many_subscriptions""#), "{heard}");
    assert_eq!((server.counters.subscriptions_over_limit.get(), server.counters.frames_over_size.get()), (1, 1));
}

#[sqlx::test(migrations = false)]
async fn a_message_in_pieces_is_not_kept_beyond_what_a_whole_one_may_have(pool: PgPool) {
    with_items(&pool).await;
    let server = Server::start_with(&pool, |config| config.limits.frame_bytes = 2_000).await;
    let mut socket = open(server.address).await;
    let piece = |code| Message::Frame(Frame::message(" ".repeat(1_500), OpCode::Data(code), false));
    socket.send(piece(Data::Text)).await.expect("sends");
    // Its end never comes.
    socket.send(piece(Data::Continue)).await.expect("sends");
    let code = loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("open");
        if let Message::Close(close) = message.expect("a message") {
            break u16::from(close.expect("has a code").code);
        }
    };
    assert_eq!((code, server.counters.frames_over_size.get()), (1009, 1));
}

/// Sockets that ask for one row each, and take nothing.
async fn deaf(server: &Server, sockets: usize) -> Vec<impl Sized> {
    let mut deaf = Vec::new();
    for id in 1..=sockets {
        let mut socket = open(server.address).await;
        let asked = format!(r#"{{"type":"subscribe","id":"s","table":"items","where":"id = {id}"}}"#);
        socket.send(Message::text(asked)).await.expect("sends");
        let mut heard = String::new();
        while !heard.contains("position") {
            let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("open");
            heard.push_str(message.expect("a message").to_text().unwrap_or_default());
        }
        deaf.push(socket);
    }
    deaf
}

/// Changes every row, each to something of 60 kB.
const CHANGE: &str = "update items set name = (select string_agg(md5(random()::text), '') from generate_series(1, 2000) g where g > items.id * 0)";

#[sqlx::test(migrations = false)]
async fn queues_of_those_who_take_nothing_are_emptied_one_by_one_and_all_together(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1), (2), (3)").await;
    let one = Server::start_with(&pool, |config| config.limits.outbox_kilobytes = 100).await;
    let all = Server::start_with(&pool, |config| config.limits.queue_megabytes = 1).await;
    let _deaf = (deaf(&one, 1).await, deaf(&all, 3).await);
    eventually("both are counted", async || {
        sql(&pool, CHANGE).await;
        one.counters.queues_overflowed.get() > 0 && all.counters.queues_relieved.get() > 0
    })
    .await;
}
