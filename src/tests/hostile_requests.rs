//! Requests that no browser sends: each is answered or its connection ends, nobody is believed for what they say of themselves, and
//! the server is well afterwards.

use crate::support::{
    Browser, PATIENCE, Server,
    http::{ask, say},
    with_items,
};
use rowcast::identity::Anonymous;
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How a request is written, and the status that it is answered with. `{own}` is the server's name.
const REQUESTS: &[(&str, u16)] = &[
    // For proxies.
    ("CONNECT evil.example:443 HTTP/1.1\r\nhost: {own}\r\n\r\n", 405),
    ("OPTIONS * HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n", 405),
    ("TRACE / HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n", 405),
    ("GET http://evil.example/api/whoami HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n", 401),
    // Of two meanings.
    ("GET / HTTP/1.1\r\nhost: {own}\r\nhost: evil.example\r\nconnection: close\r\n\r\n", 403),
    ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 403),
    ("POST /sign-in HTTP/1.1\r\nhost: {own}\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde", 400),
    ("POST /sign-in HTTP/1.1\r\nhost: {own}\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nhost: {own}\r\nx: a\r\n b\r\nconnection: close\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nhost : {own}\r\nconnection: close\r\n\r\n", 400),
    // Out of the folder of files.
    ("GET /../../etc/passwd HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n", 404),
    ("GET /..%2f..%2fCargo.toml HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n", 404),
    ("GET /pkg/%00 HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n", 404),
    // Not from a page of ours.
    (
        "POST /account/sign-out HTTP/1.1\r\nhost: {own}\r\norigin: http://{own}\r\norigin: http://evil.example\r\nconnection: close\r\n\r\n",
        403,
    ),
    (
        "OPTIONS /account/sign-out HTTP/1.1\r\nhost: {own}\r\norigin: http://evil.example\r\nconnection: close\r\n\r\n",
        403,
    ),
    (
        "GET /live HTTP/1.1\r\nhost: {own}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\norigin: http://{own}\r\norigin: http://evil.example\r\n\r\n",
        403,
    ),
];

async fn strict(pool: &PgPool) -> Server {
    with_items(pool).await;
    Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await
}

#[sqlx::test(migrations = false)]
async fn what_no_browser_sends_is_answered_and_leaves_the_server_well(pool: PgPool) {
    let server = strict(&pool).await;
    let own = server.address.to_string();
    for (request, status) in REQUESTS {
        let stream = TcpStream::connect(server.address).await.expect("connects");
        let answer = say(stream, &request.replace("{own}", &own)).await;
        assert_eq!(answer.status, *status, "{request}");
        assert!(!answer.body.contains("[package]") && !answer.body.contains("root:"), "{request}");
    }
    assert_eq!(ask(server.address, "GET", "/healthz", "").await.status, 200);
}

/// Of a request that has two ends, the one that the other end of a proxy might not see is none.
#[sqlx::test(migrations = false)]
async fn nothing_is_smuggled_behind_a_request_with_two_lengths(pool: PgPool) {
    let server = strict(&pool).await;
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {0}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 4\r\n\
         transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: {0}\r\nconnection: close\r\n\r\n",
        server.address
    );
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut said = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut said)).await.expect("in time").expect("ends");
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
}

/// Somebody who names another address with every attempt, and is no proxy.
#[sqlx::test(migrations = false)]
async fn whoever_claims_to_be_many_is_throttled_as_one(pool: PgPool) {
    let server = strict(&pool).await;
    let mut waits = 0;
    for number in 0..45 {
        let address = format!("203.0.113.{number}");
        let mut browser =
            Browser::new(server.address).with("x-forwarded-for", &address).with("forwarded", &format!("for={address}"));
        let typed = [("email", &*format!("u{number}@example.org")), ("password", "wrong password")];
        waits += usize::from(browser.post("/sign-in", &typed).await.location().contains("notice=wait"));
    }
    assert_eq!(waits, 5, "40 are free");
}
