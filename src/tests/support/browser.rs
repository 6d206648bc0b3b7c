//! A browser as far as forms go: HTTP over TCP, one cookie, no redirects followed.

use super::PATIENCE;
use std::{fmt::Write, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the session's cookie is called.
pub const PLAIN: &str = "rowcast_session";
pub const OVER_TLS: &str = "__Host-rowcast_session";

/// How a form is written, and how a program writes.
pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";

/// What a server said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Where the browser is led.
    pub fn location(&self) -> &str {
        self.header("location")
    }
}

/// One browser.
#[derive(Clone, Debug)]
pub struct Browser {
    pub address: SocketAddr,
    /// What its session's cookie holds, and what that is called.
    pub cookie: Option<String>,
    pub name: &'static str,
    /// Headers that it sends with everything.
    pub headers: Vec<(String, String)>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        let accept = ("accept".to_owned(), "text/html".to_owned());
        Self { address, cookie: None, name: PLAIN, headers: vec![accept] }
    }

    /// One that speaks TLS to a proxy, which the server must trust.
    pub fn over_tls(address: SocketAddr) -> Self {
        Self { name: OVER_TLS, ..Self::new(address).with("x-forwarded-proto", "https") }
    }

    /// The same, with a header more (or another value for one that it sends).
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(key, _)| key != name);
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, FORM, "").await
    }

    /// Posts a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = rowcast::identity::paths::encode;
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.send("POST", path, FORM, &pairs.join("&")).await
    }

    /// Sends something with a body.
    pub async fn send(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in &self.headers {
            write!(request, "{name}: {value}\r\n").expect("a string");
        }
        if let Some(cookie) = &self.cookie {
            write!(request, "cookie: theme=dark; {}={cookie}\r\n", self.name).expect("a string");
        }
        if method == "POST" {
            let length = body.len();
            write!(request, "content-type: {kind}\r\ncontent-length: {length}\r\n").expect("a string");
        }
        write!(request, "\r\n{body}").expect("a string");
        let said = tokio::time::timeout(PATIENCE, async {
            let mut stream = TcpStream::connect(self.address).await.expect("connects");
            stream.write_all(request.as_bytes()).await.expect("sends");
            let mut said = Vec::new();
            stream.read_to_end(&mut said).await.expect("answers");
            said
        });
        let answer = parse(&String::from_utf8_lossy(&said.await.expect("in time")));
        for (name, value) in &answer.headers {
            if name == "set-cookie"
                && let Some(rest) = value.strip_prefix(self.name).and_then(|rest| rest.strip_prefix('='))
            {
                let token = rest.split(';').next().unwrap_or_default();
                self.cookie = (!token.is_empty()).then(|| token.to_owned());
            }
        }
        answer
    }
}

fn parse(said: &str) -> Answer {
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status").parse().expect("a number");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}
