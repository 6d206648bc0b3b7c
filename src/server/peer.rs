//! Who is on the other end of a connection, through proxies that are trusted.
//!
//! A proxy says in headers of its own whom it speaks for. Anybody can send such headers, so they are believed only of the
//! addresses that the configuration names. The header `Forwarded` is not read at all: a proxy that speaks the older three
//! hands it on from whoever asks, and so could be made to say anything.

use crate::config::Network;
use axum::http::{
    HeaderMap,
    header::{HOST, HeaderName},
};
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Who asks. In the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address; of a client behind a trusted proxy, the one that the proxy names.
    pub address: IpAddr,
    /// Whether what is said is encrypted on its way from and to the client.
    pub secure: bool,
}

/// The two ends of a connection, as the listener knows them. In the extensions of every request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connected {
    /// Where it comes from.
    pub(super) from: SocketAddr,
    /// Whether it speaks TLS.
    pub(super) tls: bool,
}

/// Who asks, and under which name for this server.
pub(super) fn peer(connected: Connected, headers: &HeaderMap, proxies: &[Network]) -> (Peer, Option<String>) {
    let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let mut address = connected.from.ip().to_canonical();
    let own = Peer { address, secure: connected.tls };
    let host = only(headers, &HOST).map(str::to_owned);
    if !is_proxy(address) {
        return (own, host);
    }
    // Each proxy adds whom it spoke to at the end, so the last address that is not one of the proxies is the client's. What
    // stands before it the client may have made up.
    for name in values(headers, &FORWARDED_FOR).map(named).collect::<Vec<_>>().into_iter().rev() {
        let Some(name) = name else { break };
        address = name;
        if !is_proxy(name) {
            break;
        }
    }
    let scheme = values(headers, &FORWARDED_PROTO).last();
    let secure = scheme.map_or(connected.tls, |scheme| scheme.eq_ignore_ascii_case("https"));
    let forwarded_host = values(headers, &FORWARDED_HOST).last().map(str::to_owned);
    (Peer { address, secure }, forwarded_host.or(host))
}

/// An address as proxies write it: some with a port, and then those of version 6 in brackets.
fn named(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// The values of a header that is a list, over however many lines.
fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> + use<'h> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.to_str().unwrap_or_default().split(',')).map(str::trim)
}

/// The value of a header that must not be there twice.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut lines = headers.get_all(name).into_iter();
    lines.next().filter(|_| lines.next().is_none())?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(from: &str, tls: bool, headers: &[(&'static str, &'static str)]) -> (String, bool, Option<String>) {
        let from = SocketAddr::new(from.parse().expect("an address"), 5000);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let proxies: Vec<Network> = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().expect("a network")).collect();
        let (peer, host) = peer(Connected { from, tls }, &map, &proxies);
        (peer.address.to_string(), peer.secure, host)
    }

    const ALL: [(&str, &str); 4] = [
        ("host", "inner:3000"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "rowcast.example.org"),
    ];

    #[test]
    fn strangers_are_not_believed_to_speak_for_others() {
        let inner = Some("inner:3000".to_owned());
        assert_eq!(asked("203.0.113.1", false, &ALL), ("203.0.113.1".to_owned(), false, inner.clone()));
        assert_eq!(asked("203.0.113.1", true, &ALL), ("203.0.113.1".to_owned(), true, inner.clone()));
        assert_eq!(asked("::ffff:203.0.113.1", false, &ALL).0, "203.0.113.1");
    }

    #[test]
    fn trusted_proxies_are() {
        let outer = Some("rowcast.example.org".to_owned());
        assert_eq!(asked("10.1.1.1", false, &ALL), ("203.0.113.9".to_owned(), true, outer.clone()));
        assert_eq!(asked("::ffff:10.1.1.1", false, &ALL), ("203.0.113.9".to_owned(), true, outer));
        assert_eq!(asked("10.1.1.1", false, &ALL[..1]), ("10.1.1.1".to_owned(), false, Some("inner:3000".to_owned())));
        assert!(!asked("10.1.1.1", true, &[("x-forwarded-proto", "http")]).1);
    }

    #[test]
    fn what_a_client_made_up_before_its_proxy_is_passed_over() {
        for (list, address) in [
            ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
            ("1.2.3.4, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
            ("10.2.2.2", "10.2.2.2"),
            ("nonsense, 10.2.2.2", "10.2.2.2"),
            ("203.0.113.9, nonsense", "10.1.1.1"),
            ("", "10.1.1.1"),
            ("2001:db8::7", "2001:db8::7"),
            ("203.0.113.9:51234", "203.0.113.9"),
            ("1.2.3.4:1, [2001:db8::7]:443, 10.9.9.9:80", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("203.0.113.9:nonsense", "10.1.1.1"),
        ] {
            let headers = [("x-forwarded-for", list)];
            assert_eq!(asked("10.1.1.1", false, &headers).0, address, "{list}");
        }
        let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(asked("10.1.1.1", false, &lines).0, "203.0.113.9");
        let forged = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
        assert!(!asked("10.1.1.1", false, &forged).1);
        assert_eq!(asked("10.1.1.1", false, &[("forwarded", "for=1.2.3.4;proto=https")]).0, "10.1.1.1");
    }

    #[test]
    fn two_hosts_are_none() {
        assert_eq!(asked("203.0.113.1", false, &[("host", "a"), ("host", "b")]).2, None);
    }
}
