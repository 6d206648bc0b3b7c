//! The session's cookie.
//!
//! `HttpOnly`: no script reads it. `SameSite=Lax`: other sites' forms and frames do not send it. `Secure` where the page came
//! over TLS; without that a browser would not keep it on plain loopback.
//!
//! Over TLS its name begins with `__Host-`: a browser keeps such a cookie only if this very host set it over TLS, for all of its
//! paths. Without that, whoever has a neighbouring name (a subdomain, the same host over plain HTTP, another port) could plant
//! one beside ours, and a request does not tell which is which. So of two that differ, neither is believed, and over TLS none
//! without the prefix is looked at.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use std::time::Duration;

/// Its name without TLS.
const PLAIN: &str = "rowcast_session";
/// Its name over TLS.
const OVER_TLS: &str = "__Host-rowcast_session";
/// What two cookies that differ are worth: no secret is empty.
const NOTHING: &str = "";

fn name(over_tls: bool) -> &'static str {
    if over_tls { OVER_TLS } else { PLAIN }
}

/// What the cookie of a request holds; what is worth [`NOTHING`], if there are several.
pub(super) fn read(headers: &HeaderMap, over_tls: bool) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut own = pairs.filter(|(key, value)| *key == name(over_tls) && !value.is_empty()).map(|(_, value)| value);
    let first = own.next()?;
    Some(if own.all(|other| other == first) { first } else { NOTHING })
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
    let (name, secure) = (name(over_tls), if over_tls { "; Secure" } else { "" });
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // A request's token is in its header, so it fits into one; ours are letters and digits.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&'static str], over_tls: bool) -> Option<String> {
        let lines = lines.iter().map(|line| (COOKIE, HeaderValue::from_static(line)));
        read(&lines.collect(), over_tls).map(str::to_owned)
    }

    #[test]
    fn it_is_found_among_others() {
        let others = "a=b; xrowcast_session=no;rowcast_session=; theme=dark";
        assert_eq!(shown(&[others], false), None);
        assert_eq!(shown(&[others, "c=d; rowcast_session=yes"], false), Some("yes".to_owned()));
        assert_eq!(shown(&["rowcast_session=yes; rowcast_session=yes"], false), Some("yes".to_owned()));
        assert_eq!(shown(&["__Host-rowcast_session=yes"], true), Some("yes".to_owned()));
    }

    #[test]
    fn of_two_that_differ_neither_is_believed() {
        for lines in
            [&["rowcast_session=planted; rowcast_session=own"][..], &["rowcast_session=own", "rowcast_session=planted"]]
        {
            assert_eq!(shown(lines, false), Some(NOTHING.to_owned()), "{lines:?}");
        }
        assert_eq!(shown(&["__Host-rowcast_session=a; __Host-rowcast_session=b"], true), Some(NOTHING.to_owned()));
    }

    #[test]
    fn over_tls_none_is_looked_at_that_a_neighbour_could_have_set() {
        assert_eq!(shown(&["rowcast_session=planted"], true), None);
        assert_eq!(shown(&["rowcast_session=planted; __Host-rowcast_session=own"], true), Some("own".to_owned()));
        assert_eq!(shown(&["__Host-rowcast_session=own"], false), None);
    }

    #[test]
    fn it_is_for_this_host_and_no_script() {
        let lasts = Duration::from_secs(86_400);
        let kept = "rowcast_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400";
        assert_eq!(set("abc", lasts, false), kept);
        assert_eq!(set("abc", lasts, true), format!("__Host-{kept}; Secure"));
        assert_eq!(clear(false), "rowcast_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        assert_eq!(clear(true), "__Host-rowcast_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
    }
}
