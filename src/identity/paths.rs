//! Addresses of what this part serves.

/// The form to sign in; sending it signs in.
pub const SIGN_IN: &str = "/sign-in";
/// The form for a new account; sending it makes one.
pub const SIGN_UP: &str = "/sign-up";
/// A person's own account.
pub const ACCOUNT: &str = "/account";
/// Where the form for a new password goes.
pub const PASSWORD: &str = "/account/password";
/// Where the button to sign out goes.
pub const SIGN_OUT: &str = "/account/sign-out";
/// Where the button to sign out everywhere goes.
pub const SIGN_OUT_EVERYWHERE: &str = "/account/sign-out-everywhere";
/// Where the button to sign out one other browser goes.
pub const END_LOGIN: &str = "/account/end-login";
/// Tells a program who it is.
pub const WHOAMI: &str = "/api/whoami";
/// Gives a program a ticket for the handshake.
pub const TICKET: &str = "/api/ticket";
/// Below this, programs are answered, not people.
pub const API: &str = "/api/";

/// What programs are told below [`API`] who are not signed in (any more).
pub const SIGNED_OUT: &str = "signed_out";
/// What programs are told there who may not do what they ask.
pub const NOT_ALLOWED: &str = "not_allowed";

/// The parameter that says where to go after signing in.
pub const NEXT: &str = "next";
/// Longest address that somebody is led back to, in bytes.
const MAX_NEXT_BYTES: usize = 2_048;

/// The address `next`, if it is one of this site; else the front page.
///
/// Browsers take `//host`, `/\host` and the same with tabs and line breaks within for other sites, so what has any of
/// that is no address of ours.
pub fn local(next: &str) -> &str {
    let mut bytes = next.bytes();
    let starts = bytes.next() == Some(b'/') && bytes.next() != Some(b'/');
    let clean = next.len() <= MAX_NEXT_BYTES && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = next.split(['?', '#']).next().unwrap_or_default();
    // Back to a form that has been filled in would go round in a circle.
    let leads_on = ![SIGN_IN, SIGN_UP].contains(&path) && !path.starts_with(API);
    if starts && clean && leads_on { next } else { "/" }
}

/// The form to sign in, leading to `next` afterwards.
pub fn sign_in(next: &str) -> String {
    match local(next) {
        "/" => SIGN_IN.to_owned(),
        next => format!("{SIGN_IN}?{NEXT}={}", encode(next)),
    }
}

/// A value as it stands in an address.
pub fn encode(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{local, sign_in};

    #[test]
    fn only_addresses_of_this_site_are_led_back_to() {
        for own in ["/", "/?q=a%20b", "/orders/7#x", "/a//b"] {
            assert_eq!(local(own), own);
        }
        for foreign in [
            "",
            "evil.example",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\nb",
            "javascript:alert(1)",
            "/é",
            "/sign-in",
            "/sign-in?next=/x",
            "/sign-up",
            "/api/ticket",
        ] {
            assert_eq!(local(foreign), "/", "{foreign:?}");
        }
        assert_eq!(local(&format!("/{}", "a".repeat(3_000))), "/");
    }

    #[test]
    fn where_somebody_wanted_to_go_survives_the_way_through_the_address() {
        assert_eq!(sign_in("/?q=a%20b&page=2"), "/sign-in?next=/%3Fq%3Da%2520b%26page%3D2");
        assert_eq!(sign_in("//evil.example"), "/sign-in");
    }
}
