//! Where a request comes from: which site's page, which network, over what.
//!
//! Forms need no secret of their own against other sites (CSRF), for three reasons, each of which would do:
//!
//! 1. the cookie is `SameSite=Lax`, so that what another site sends is nobody's;
//! 2. the server refuses what names another site in `Origin`, which every browser sends with a form that is posted;
//! 3. here: it refuses what says in `Sec-Fetch-Site` that it was not sent by a page of this very origin. That also covers
//!    pages of another port of the same host, which count as the same *site* for the cookie.
//!
//! Programs that are no browsers send neither header, and no cookie that they were not given.

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, Method, request::Parts},
};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// The address of whoever asks. Whoever knows better than the socket (behind a proxy that is trusted) puts it into the
/// request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// In the extensions of a request that came over TLS, to us or to a proxy that is trusted: then the cookie is `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverTls;

/// Whether a request that changes something comes from a page of another origin.
pub(super) fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    // `none`: the person did it, not a page.
    !reads && site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

/// Whether it came over TLS.
pub(super) fn is_over_tls(extensions: &Extensions) -> bool {
    extensions.get::<OverTls>().is_some()
}

impl ClientAddress {
    /// What is known of it.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_else(|| {
            let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
            Self(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
        })
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn what_another_sites_page_sends_is_foreign() {
        let from = |site: &'static str| {
            HeaderMap::from_iter([("sec-fetch-site".parse().unwrap(), HeaderValue::from_static(site))])
        };
        for site in ["cross-site", "same-site", "nonsense"] {
            assert!(is_foreign(&Method::POST, &from(site)), "{site}");
            assert!(!is_foreign(&Method::GET, &from(site)), "{site}");
        }
        for site in ["same-origin", "none"] {
            assert!(!is_foreign(&Method::POST, &from(site)), "{site}");
        }
        assert!(!is_foreign(&Method::POST, &HeaderMap::new()), "a program");
    }
}
