//! Which requests are let in at all, before it is asked who sends them.
//!
//! Any web page that a person visits may make their browser send requests here, with their cookies: across sites, or under a
//! name of its own that resolves to this machine (DNS rebinding). So the host must be one of this server's names, and a request
//! that a page caused, other than looking at one of ours, must come from this very site. Only WebSockets may come from sites
//! that the configuration names, too: what they may do is what their principal may, and a foreign page cannot read
//! anything else.

use super::peer::{Connected, peer};
use crate::{
    config::{self, Network},
    counters::{Counter, Counters},
};
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{HeaderName, ORIGIN, SEC_WEBSOCKET_VERSION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};

/// What browsers say about who caused a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the configuration says about who may ask.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
    proxies: Vec<Network>,
    counters: Arc<Counters>,
}

impl Guard {
    pub(super) fn new(config: &config::Rowcast, counters: Arc<Counters>) -> Self {
        let (hosts, proxies) = (config.server.hosts.clone(), config.server.trusted_proxies.clone());
        Self { hosts, origins: config.live.origins.clone(), proxies, counters }
    }

    fn is_ours(&self, host: &str) -> bool {
        let named = |name: &String| host.eq_ignore_ascii_case(name) || without_port(host).eq_ignore_ascii_case(name);
        is_loopback(host) || self.hosts.iter().any(named)
    }

    /// Whether a request that is more than looking at a page comes from where it may come from.
    fn is_near(&self, headers: &HeaderMap, host: &str, secure: bool, is_socket: bool) -> bool {
        if !headers.contains_key(ORIGIN) {
            // Not a browser, or an old one, if it says nothing; and `none` is the person, who typed an address.
            let site = headers.get(FETCH_SITE).map(|site| site.to_str().unwrap_or_default());
            return site.is_none_or(|site| matches!(site, "same-origin" | "none"));
        }
        // A page that came unencrypted may be anybody's. The other way round it may be a proxy that nobody told of.
        let is_own = |origin: &str| {
            origin.split_once("://").is_some_and(|(scheme, from)| {
                from.eq_ignore_ascii_case(host) && (scheme == "https" || (scheme == "http" && !secure))
            })
        };
        // Browsers say one. Whoever else says several is believed of none that another does not bear out.
        headers.get_all(ORIGIN).iter().all(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            is_own(origin) || (is_socket && self.origins.iter().any(|named| named == origin))
        })
    }

    fn refuse(counter: &Counter, why: &'static str) -> Response {
        counter.add();
        (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
    }
}

/// Middleware for every route. Puts a [`Peer`](super::Peer) into the request's extensions.
pub(super) async fn guard(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let counters = &guard.counters;
    let Some(connected) = request.extensions().get::<Connected>().copied() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "this request came from nowhere\n").into_response();
    };
    // `CONNECT` and `OPTIONS *` name no path. The one is for proxies, and what the other asks is not told.
    if !request.uri().path().starts_with('/') {
        return (StatusCode::METHOD_NOT_ALLOWED, "a request needs a path\n").into_response();
    }
    let headers = request.headers();
    let (peer, host) = peer(connected, headers, &guard.proxies);
    let Some(host) = host else {
        return Guard::refuse(&counters.foreign_hosts, "a request needs one Host header");
    };
    if !guard.is_ours(&host) {
        let why = "this server does not answer to that name: it is reached as http://localhost, or by a name that is listed \
                   as hosts in [rowcast.server] of its configuration file";
        return Guard::refuse(&counters.foreign_hosts, why);
    }
    let is_socket = headers.contains_key(SEC_WEBSOCKET_VERSION);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && !is_socket;
    if !reads && !guard.is_near(headers, &host, peer.secure, is_socket) {
        return Guard::refuse(&counters.foreign_origins, "this request comes from a page of another site");
    }
    request.extensions_mut().insert(peer);
    next.run(request).await
}

/// Whether `host`, with or without a port, is a name of this machine to itself.
fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The name of a host, and of an IPv6 address what is in the brackets.
fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

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

    fn guard() -> Guard {
        let mut config = config::Rowcast::default();
        config.server.hosts = vec!["rowcast.example.org".to_owned(), "other.example.org:8443".to_owned()];
        config.live.origins = vec!["https://friend.example".to_owned()];
        Guard::new(&config, Arc::default())
    }

    #[test]
    fn a_server_answers_to_its_configured_names_only() {
        for host in ["rowcast.example.org", "ROWCAST.example.org:8443", "other.example.org:8443", "localhost:1"] {
            assert!(guard().is_ours(host), "{host}");
        }
        for host in ["example.org", "other.example.org", "rowcast.example.org.evil.example", "evil.example:8443"] {
            assert!(!guard().is_ours(host), "{host}");
        }
    }

    #[test]
    fn what_changes_something_comes_from_our_own_pages_and_sockets_from_friends_too() {
        let near = |headers: &[(&'static str, &'static str)], secure, is_socket| {
            let headers =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            guard().is_near(&headers.collect(), "rowcast.example.org", secure, is_socket)
        };
        let (form, socket) = (false, true);
        for (headers, secure, kind, expected) in [
            (vec![], true, form, true),
            (vec![("origin", "https://rowcast.example.org")], true, form, true),
            (vec![("origin", "http://rowcast.example.org")], true, form, false),
            (vec![("origin", "http://rowcast.example.org")], false, form, true),
            (vec![("origin", "https://rowcast.example.org")], false, form, true),
            (vec![("origin", "https://rowcast.example.org:444")], true, form, false),
            (vec![("origin", "null")], true, form, false),
            (vec![("origin", "https://friend.example")], true, form, false),
            (vec![("origin", "https://friend.example")], true, socket, true),
            (vec![("origin", "http://friend.example")], true, socket, false),
            (vec![("origin", "https://evil.example")], true, socket, false),
            (vec![("origin", "https://rowcast.example.org"), ("origin", "https://evil.example")], true, form, false),
            (vec![("origin", "https://rowcast.example.org"), ("origin", "https://evil.example")], true, socket, false),
            (vec![("sec-fetch-site", "cross-site")], true, form, false),
            (vec![("sec-fetch-site", "same-site")], true, form, false),
            (vec![("sec-fetch-site", "same-origin")], true, form, true),
            (vec![("sec-fetch-site", "none")], true, form, true),
            (vec![("sec-fetch-site", "cross-site")], true, socket, false),
        ] {
            assert_eq!(near(&headers, secure, kind), expected, "{headers:?}, secure: {secure}, socket: {kind}");
        }
    }
}
