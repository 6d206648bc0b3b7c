//! People on the real server: who is recognised by what, what the forms do, and what servers are told of it.

mod command;
mod credentials;
mod forms;
mod pages;
mod races;
mod told;

use crate::support::{Answer, Browser, Raw, Server};
use rowcast::{
    changelog,
    identity::{Anonymous, account},
    protocol::{PATH, Role, SUBPROTOCOL},
};
use sqlx::PgPool;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{
    Error,
    client::IntoClientRequest,
    http::{HeaderName, HeaderValue},
};

const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "correct horse battery";

/// The engine's schema, one person, and a server that lets nobody else in.
async fn with_ada(pool: &PgPool, role: Role) -> (Server, i64) {
    changelog::install(pool).await.expect("installs");
    let ada = add(pool, EMAIL, role).await;
    let server = Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    (server, ada)
}

async fn add(pool: &PgPool, email: &str, role: Role) -> i64 {
    let new = account::New { email, name: "Ada", role, password: PASSWORD };
    account::create(pool, new).await.expect("adds").expect("is new")
}

async fn sign_in(browser: &mut Browser, password: &str) -> Answer {
    browser.post("/sign-in", &[("email", EMAIL), ("password", password)]).await
}

/// A browser in which the person is signed in.
async fn signed_in(server: &Server) -> Browser {
    let mut browser = Browser::new(server.address);
    let answer = sign_in(&mut browser, PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (303, "/"), "{answer:?}");
    assert!(browser.cookie.is_some());
    browser
}

/// What a program is told of who it is.
async fn whoami(browser: &Browser) -> (u16, String) {
    let answer = browser.with("accept", "application/json").get("/api/whoami").await;
    (answer.status, answer.body)
}

/// Opens a WebSocket, or says with which status that was refused.
async fn handshake(server: &Server, query: &str, headers: &[(&'static str, &str)]) -> Result<Raw, u16> {
    let mut request = format!("ws://{}{PATH}{query}", server.address).into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_static(name), value.parse().expect("a value"));
    }
    let stream = TcpStream::connect(server.address).await.expect("connects");
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}
