//! The session's cookie.
//!
//! `HttpOnly`: no script reads it. `SameSite=Lax`: other sites' forms and frames do not send it. `Secure` where the page came
//! over TLS; without that a browser would not keep it on plain loopback.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use std::time::Duration;

/// Its name.
pub(super) const NAME: &str = "rowcast_session";

/// What the cookie of a request holds.
pub(super) fn read(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == NAME && !value.is_empty()).then_some(value))
}

/// Has the browser keep it for so long.
pub(super) fn set(token: &str, lasts: Duration, over_tls: bool) -> HeaderValue {
    written(token, lasts.as_secs(), over_tls)
}

/// Has the browser forget it.
pub(super) fn clear(over_tls: bool) -> HeaderValue {
    written("", 0, over_tls)
}

fn written(token: &str, seconds: u64, over_tls: bool) -> HeaderValue {
    let secure = if over_tls { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // A request's token is in its header, so it fits into one; ours are letters and digits.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=b; xrowcast_session=no;rowcast_session=; theme=dark"));
        assert_eq!(read(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("c=d; rowcast_session=yes; rowcast_session=later"));
        assert_eq!(read(&headers), Some("yes"));
    }

    #[test]
    fn it_is_for_this_site_and_no_script() {
        let lasts = Duration::from_secs(86_400);
        let plain = "rowcast_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400";
        assert_eq!(set("abc", lasts, false), plain);
        assert_eq!(set("abc", lasts, true), format!("{plain}; Secure"));
        assert_eq!(clear(false), "rowcast_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
