//! What browsers are told about every answer: what it may load, who may embed it, how long it may be kept.
//!
//! Pages run scripts that carry the nonce of their own answer and the program from this origin, nothing else; nothing at
//! all comes from elsewhere. What is no page may do nothing.

use super::Peer;
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LAST_MODIFIED, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::use_context};
use leptos_axum::ResponseOptions;
use std::sync::Arc;

/// What holds for every answer.
const ALWAYS: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // For browsers that do not know `frame-ancestors`: a page of another site that shows ours in a frame could lead its
    // visitors' clicks.
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), \
         payment=(), serial=(), usb=(), xr-spatial-tracking=()",
    ),
];
/// For what is no page.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Whoever came encrypted comes encrypted for a year.
const SECURE_FOR_A_YEAR: &str = "max-age=31536000";
/// Rows are for whoever asked, now.
const NEVER_KEPT: &str = "no-store";
/// A name that has the content's hash in it means the same for ever.
const KEPT_FOR_EVER: &str = "public, max-age=31536000, immutable";
/// May be kept, if it is asked each time whether it still holds.
const ASKED_EACH_TIME: &str = "no-cache";
/// Set by `cargo leptos watch`, as leptos itself looks at it.
const WATCHED: &str = "LEPTOS_WATCH";

/// What the answers' headers depend on.
#[derive(Debug)]
pub(super) struct Assets {
    /// Below which path the program and the style sheet are.
    package: String,
    /// Whether their names have hashes.
    hashed: bool,
}

impl Assets {
    pub(super) fn of(leptos: &LeptosOptions) -> Self {
        Self { package: format!("/{}/", leptos.site_pkg_dir), hashed: leptos.hash_files }
    }
}

/// Middleware for every route, within the one that knows who asks.
pub(super) async fn headers(State(assets): State<Arc<Assets>>, request: Request, next: Next) -> Response {
    let secure = request.extensions().get::<Peer>().is_some_and(|peer| peer.secure);
    let packaged = request.uri().path().starts_with(&assets.package);
    let mut response = next.run(request).await;
    let success = response.status().is_success();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        set(headers, name, value);
    }
    if secure {
        set(headers, STRICT_TRANSPORT_SECURITY, SECURE_FOR_A_YEAR);
    }
    let is_file = packaged || headers.contains_key(LAST_MODIFIED);
    set(headers, CONTENT_SECURITY_POLICY, NOTHING);
    let kept = match (success && is_file, packaged && assets.hashed) {
        (true, true) => KEPT_FOR_EVER,
        (true, false) => ASKED_EACH_TIME,
        (false, _) => NEVER_KEPT,
    };
    set(headers, CACHE_CONTROL, kept);
    response
}

/// Unless a handler has said otherwise.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// Has the answer that a page is rendered for say which scripts are the page's own. To be called within its context.
pub(super) fn permit_scripts(leptos: &LeptosOptions) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let watched = std::env::var_os(WATCHED).map(|_| leptos.reload_external_port.unwrap_or(leptos.reload_port));
    // A nonce is of base64's letters.
    if let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce, watched)) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}

/// `watched`: the port that a page under development asks when to load itself again.
fn page_policy(nonce: &str, watched: Option<u32>) -> String {
    // `'self'` is also the own WebSocket; Safari before 15.4 did not think so, and is not served.
    let reload = watched.map(|port| format!(" ws://localhost:{port} ws://127.0.0.1:{port}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         object-src 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_runs_its_own_scripts_and_nothing_from_elsewhere() {
        let policy = page_policy("abc", None);
        assert!(policy.contains("'nonce-abc'"), "{policy}");
        for never in ["unsafe-inline", "'unsafe-eval'", "*", "http:", "https:", "ws:", "data:"] {
            assert!(!policy.contains(never), "{policy}");
        }
    }

    #[test]
    fn only_a_page_under_development_may_ask_when_to_load_again() {
        let policy = page_policy("abc", Some(3001));
        assert!(policy.contains("connect-src 'self' ws://localhost:3001 ws://127.0.0.1:3001;"), "{policy}");
    }
}
