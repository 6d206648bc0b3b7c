//! Which requests are let in at all, as long as nobody has to sign in.
//!
//! Being on loopback is not enough: any web page that a person visits may make their browser send requests to loopback,
//! under a name of its own that resolves there (DNS rebinding) or across sites. So the host must be a loopback name, and
//! a request that a page caused, other than looking at one of ours, must come from this very site. Only WebSockets may come
//! from sites that the configuration names, too: they read rows and change nothing.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{HOST, ORIGIN, SEC_WEBSOCKET_VERSION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};

/// Middleware for every route.
pub(super) async fn guard(State(origins): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(host) = text(headers, HOST.as_str()).or_else(|| request.uri().authority().map(|host| host.as_str()))
    else {
        return refuse("a request needs a Host header");
    };
    if !is_loopback(host) {
        return refuse("this server answers to loopback names only, such as http://localhost");
    }
    let is_socket = headers.contains_key(SEC_WEBSOCKET_VERSION);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && !is_socket;
    if !reads && let Some(origin) = headers.get(ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let own = origin.split_once("://").is_some_and(|(_, from)| from == host);
        let named = is_socket && origins.iter().any(|named| named == origin);
        if !own && !named {
            return refuse("this request comes from a page of another site");
        }
    }
    next.run(request).await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refuse(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
}

/// Whether `host`, with or without a port, is a name of this machine to itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.8.8.8", "[::1]:3000", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org:3000",
            "192.168.0.1",
            "[::2]:1",
            "127.0.0.1.example.org",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
